"""HTTP/1 on the wire: each case is refused, or becomes exactly one well-formed request."""

from __future__ import annotations

import pytest

from tests.wire.caller import talk
from tests.wire.cases.all import CASES
from tests.wire.cases.spell import get, raw
from tests.wire.stage import Stage
from tests.wire.verdicts import Case, expected, faults, result


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_case_leads_to_its_verdict(stage: Stage, case: Case) -> None:
    talk, heard = stage.play(case)
    assert faults(case, talk, heard) == [], case.why
    assert result(case, talk, heard) is expected(case), "the conformance page says otherwise"


def test_no_two_cases_have_one_name() -> None:
    names = [str(case) for case in CASES]
    assert sorted(names) == sorted(set(names))


def test_a_refusal_behind_a_large_answer_is_the_gateways_own(stage: Stage) -> None:
    size = 5_000_000
    for junk in ("junk\r\n\r\n", get("X : y"), get("X: y").replace("\r\nX", "\nX")):
        stage.upstream.forget()
        stage.upstream.answering = lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (size, b"x" * size)
        seen = talk(stage.port, raw(get() + junk))
        assert (seen.statuses, seen.closed) == ((200, 400), True)
        assert dict(seen.answers[-1].headers)["content-type"] == "application/problem+json"

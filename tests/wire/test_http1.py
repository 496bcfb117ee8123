"""HTTP/1 on the wire: each case is refused, or becomes exactly one well-formed request."""

from __future__ import annotations

import pytest

from tests.wire.cases.all import CASES
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

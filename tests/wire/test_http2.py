"""HTTP/2 on the wire: each case is refused, or becomes exactly one well-formed HTTP/1.1 request."""

from __future__ import annotations

import pytest

from tests.wire.cases.frames import CASES2, Case2
from tests.wire.stage import Stage
from tests.wire.verdicts import expected, faults2, result2


@pytest.mark.parametrize("case", CASES2, ids=str)
def test_a_case_leads_to_its_verdict(stage: Stage, case: Case2) -> None:
    talk, heard = stage.play2(case)
    assert faults2(case, talk, heard) == [], case.why
    assert result2(case, talk, heard) is expected(case), "the conformance page says otherwise"

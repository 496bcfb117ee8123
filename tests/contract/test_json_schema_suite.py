"""The JSON Schema suites, run through contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.contract.json_schema_suite import Result, contract_for, fits, run_2020_12, run_draft_4
from tests.native import NATIVE

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = NATIVE


def failures(results: list[Result]) -> list[Result]:
    return [one for one in results if one.verdict == "fail"]


def test_draft_2020_12_when_run_through_openapi_3_1_then_every_required_case_passes(
    corpora: Path, tmp_path: Path
) -> None:
    results = list(run_2020_12(corpora / "contract" / "json-schema", tmp_path))
    assert failures(results) == []
    assert {one.file for one in results if one.verdict == "skip"} <= {"refRemote", "vocabulary"}


def test_draft_4_when_run_through_openapi_3_0_then_its_keywords_pass(corpora: Path, tmp_path: Path) -> None:
    results = list(run_draft_4(corpora / "contract" / "json-schema", tmp_path))
    assert failures(results) == []
    assert {"maximum", "required", "oneOf", "format"} <= {one.file for one in results if one.verdict == "pass"}


def test_the_runner_when_a_schema_is_broken_then_can_fail(tmp_path: Path) -> None:
    assert fits(contract_for({"type": "integer"}, tmp_path), [1, "1"]) == [True, False]

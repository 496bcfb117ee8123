"""Reports: every change is in each of them, and nothing that a contract holds can be more than text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contract.diff.contracts import BASE, compare, with_body, with_entry
from yett.contract.diff.reports import REPORTS

HOSTILE = "<script>alert(1)</script>[x](javascript:y)"
OLD = with_body({"type": "object", "properties": {HOSTILE: {"type": "string"}}, "required": [HOSTILE]})
NEW = with_body({"type": "object"})


@pytest.mark.parametrize("form", REPORTS)
def test_a_report_names_every_change(tmp_path: Path, form: str) -> None:
    found = compare(tmp_path, OLD, NEW)
    assert found.changes
    text = REPORTS[form](found)
    assert text.endswith("\n")
    assert text.count("is gone") >= len(found.changes)


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_a_hostile_name_stays_text(tmp_path: Path, form: str) -> None:
    text = REPORTS[form](compare(tmp_path, OLD, NEW))
    assert "<script>" not in text
    assert "[x](javascript" not in text or form == "html"


def test_the_report_for_programs_says_whether_the_version_is_enough(tmp_path: Path) -> None:
    document = json.loads(REPORTS["json"](compare(tmp_path, OLD, NEW)))
    assert (document["severity"], document["version"]["needed"], document["version"]["is_enough"]) == (
        "breaking",
        "major",
        False,
    )
    assert all(one["old"]["line"] == 1 for one in document["changes"])


def test_sarif_puts_each_change_at_a_line_of_a_contract(tmp_path: Path) -> None:
    run = json.loads(REPORTS["sarif"](compare(tmp_path, OLD, NEW)))["runs"][0]
    results: list[dict[str, Any]] = run["results"]
    assert {one["level"] for one in results} == {"error", "warning"}
    assert all(run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"] for one in results)
    assert all(one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in results)


@pytest.mark.parametrize("form", REPORTS)
def test_contracts_that_are_the_same_have_a_report_that_says_so(tmp_path: Path, form: str) -> None:
    text = REPORTS[form](compare(tmp_path, BASE, BASE))
    assert "nothing has changed" in text or '"changes": []' in text or '"results": []' in text


def test_what_many_operations_share_names_only_the_first_of_them(tmp_path: Path) -> None:
    def contract(kind: str) -> dict[str, Any]:
        get = {"parameters": [{"$ref": "#/components/parameters/Page"}], "responses": {}}
        parameters = {"Page": {"name": "page", "in": "query", "schema": {"type": kind}}}
        paths = {f"/{name}": {"get": get} for name in "abcdefgh"}
        return {**with_entry("paths", paths), "components": {"parameters": parameters}}

    text = REPORTS["markdown"](compare(tmp_path, contract("string"), contract("boolean")))
    assert "### GET /a, GET /b, GET /c, GET /d, GET /e and 3 more" in text

"""Reports of findings."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from yett.governance.reports import REPORTS
from yett.governance.rule import Finding

HOSTILE = "<script>&\"'\n::error::%0A\x00"
FINDINGS = (
    Finding("a-rule", "error", HOSTILE, "api<.yaml", 3, "/paths/~1a", hint="do so", link="https://example.com/a-rule"),
    Finding("b:rule", "hint", "small", "api<.yaml", 0, ""),
)


@pytest.mark.parametrize("form", REPORTS)
def test_a_report_without_findings_is_whole_too(form: str) -> None:
    assert REPORTS[form](()) == "" if form == "github" else REPORTS[form](()).endswith("\n")


def test_json_has_everything() -> None:
    document = json.loads(REPORTS["json"](FINDINGS))
    assert document["counts"] == {"error": 1, "warn": 0, "info": 0, "hint": 1}
    assert document["findings"][0]["message"] == HOSTILE


def test_sarif_puts_each_finding_at_its_line() -> None:
    run = json.loads(REPORTS["sarif"](FINDINGS))["runs"][0]
    assert [one["level"] for one in run["results"]] == ["error", "note"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"] == {"startLine": 3}
    assert run["tool"]["driver"]["rules"][0]["helpUri"] == "https://example.com/a-rule"


def test_junit_is_xml_whatever_stands_in_a_message() -> None:
    root = ET.fromstring(REPORTS["junit"](FINDINGS))
    assert [case.get("line") for case in root.iter("testcase")] == ["3", "0"]


def test_html_shows_text_as_text() -> None:
    text = REPORTS["html"](FINDINGS)
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_an_annotation_stays_one_line() -> None:
    lines = REPORTS["github"](FINDINGS).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("::error file=api<.yaml,line=3,title=a-rule::<script>")
    assert lines[1].startswith("::notice file=api<.yaml,line=1,title=b%3Arule::")

"""Findings that somebody puts up with for a time."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.governance.documents import document_of, ruleset_of
from yett.governance.lint import lint
from yett.governance.ruleset import load_ruleset

RULES = {"mine": {"given": "$..title", "then": {"function": "undefined"}}}
WAIVER = {"rule": "mine", "at": "api.json#/info", "owner": "shop-team", "reason": "old", "until": "2030-01-31"}
DOCUMENT = {"info": {"title": "a"}, "x": {"title": "b"}}


@pytest.mark.parametrize(("today", "waived"), [(date(2030, 1, 31), ["/info/title"]), (date(2030, 2, 1), [])])
def test_a_waiver_counts_where_it_says_and_to_its_last_day(tmp_path: Path, today: date, waived: list[str]) -> None:
    ruleset = ruleset_of(tmp_path, {"rules": RULES, "waivers": [WAIVER]})
    findings = lint(document_of(DOCUMENT), ruleset, today=today)
    assert [one.pointer for one in findings if one.waived] == waived
    assert len(findings) == 2
    for one in findings:
        assert one.waived in ("", "shop-team: old, until 2030-01-31")


def test_a_waiver_that_has_ended_is_warned_of(tmp_path: Path) -> None:
    ruleset_of(tmp_path, {"rules": RULES, "waivers": [WAIVER]})
    ruleset = load_ruleset(str(tmp_path / "rules.json"), today=date(2031, 1, 1))
    assert [(one.code, one.severity) for one in ruleset.diagnostics] == [("waiver-ended", "warning")]


@pytest.mark.parametrize("gone", ["rule", "at", "owner", "reason", "until"])
def test_a_waiver_without_owner_reason_place_or_end_is_refused(tmp_path: Path, gone: str) -> None:
    waiver: dict[str, Any] = {key: value for key, value in WAIVER.items() if key != gone}
    (mistake,) = ruleset_of(tmp_path, {"rules": RULES, "waivers": [waiver]}).diagnostics
    assert (mistake.code, mistake.pointer) == ("waiver-malformed", "/waivers/0")
    assert f"`{gone}`" in mistake.message


def test_a_waiver_until_no_day_is_refused(tmp_path: Path) -> None:
    waivers = [{**WAIVER, "until": "soon"}]
    (mistake,) = ruleset_of(tmp_path, {"rules": RULES, "waivers": waivers}).diagnostics
    assert (mistake.code, mistake.pointer) == ("waiver-malformed", "/waivers/0/until")

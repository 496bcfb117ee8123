"""Scores: what they weigh, and what they say to do next."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from tests.governance.documents import document_of, ruleset_of
from yett.governance.lint import examine
from yett.governance.ruleset import load_ruleset
from yett.governance.scorecard import Scorecard, badge, dimension_of, score

RULES: dict[str, Any] = {
    "title-there": {"given": "$.a[*]", "severity": "error", "then": {"field": "title", "function": "truthy"}},
    "description-there": {
        "given": "$.a[*]",
        "severity": "warn",
        "then": {"field": "description", "function": "truthy"},
    },
    "never-asked": {"given": "$.b[*]", "severity": "error", "then": {"function": "falsy"}},
}


def scored(folder: Path, value: Any) -> Scorecard:
    ruleset = ruleset_of(folder, {"rules": RULES})
    return score(examine(document_of(value), ruleset), ruleset)


def test_a_rule_counts_by_its_severity_and_by_the_share_of_places_that_keep_it(tmp_path: Path) -> None:
    found = scored(tmp_path, {"a": [{"title": "t"}, {"title": "", "description": "d"}]})
    assert found.dimensions == {"design": 50.0, "documentation": 50.0}
    assert found.score == 50.0
    assert [(step.rule, step.gain, step.places) for step in found.steps] == [
        ("title-there", 35.7, 1),
        ("description-there", 14.3, 1),
    ]


def test_a_contract_that_keeps_everything_has_all_points(tmp_path: Path) -> None:
    found = scored(tmp_path, {"a": [{"title": "t", "description": "d"}]})
    assert (found.score, found.grade, found.steps) == (100.0, "A", ())


def test_a_document_of_which_rules_say_nothing_loses_nothing(tmp_path: Path) -> None:
    assert scored(tmp_path, {}).dimensions == {}


def test_mending_what_gains_most_raises_the_score_by_what_was_said(tmp_path: Path) -> None:
    before = scored(tmp_path, {"a": [{"title": ""}]})
    after = scored(tmp_path, {"a": [{"title": "t"}]})
    assert after.score == pytest.approx(before.score + before.steps[0].gain, abs=0.2)


@pytest.mark.parametrize(
    ("rule", "dimension"),
    [
        ("owasp:api2:2023-no-http-basic", "security"),
        ("yett-personal-data-in-path", "privacy"),
        ("operation-description", "documentation"),
        ("path-keys-no-trailing-slash", "design"),
    ],
)
def test_a_rule_belongs_to_a_dimension(rule: str, dimension: str) -> None:
    assert dimension_of(rule) == dimension


@pytest.mark.parametrize("points", [100.0, 80.0, 65.0, 45.0, 0.0])
def test_the_badge_is_a_picture_with_the_score_in_words(points: float) -> None:
    found = Scorecard(points, {}, ())
    picture = ET.fromstring(badge(found))
    assert picture.get("aria-label") == f"API: {found.grade} · {points:.0f}"


def test_the_recommended_rules_score_every_dimension() -> None:
    ruleset = load_ruleset("yett:recommended")
    assert {dimension_of(id_) for id_ in ruleset.rules} == {"design", "security", "privacy", "documentation"}

"""Judging by gates."""

from __future__ import annotations

import pytest

from yett.contract.diff import Change, Comparison, Severity
from yett.contract.diff.versions import judge_version
from yett.governance.gates import is_asked, judge_changes, judge_findings, may_find, step_of
from yett.governance.rule import Finding
from yett.governance.ruleset import Ruleset, load_ruleset
from yett.model.governance import Changes, Gate, Then

OPEN = Finding("a-rule", "error", "it is bad", "a.yaml", 3, "/info")
WAIVED = Finding("a-rule", "error", "it is bad", "a.yaml", 4, "/paths", waived="ann: old, until 2030-01-01")
MILD = Finding("b-rule", "warn", "it is odd", "a.yaml", 5, "/tags")


@pytest.mark.parametrize(
    ("then", "findings", "outcome"),
    [
        ("block", (OPEN,), "block"),
        ("block", (WAIVED,), "block"),
        ("block", (MILD,), "pass"),
        ("require-waiver", (OPEN, WAIVED), "block"),
        ("require-waiver", (WAIVED, MILD), "pass"),
        ("warn", (OPEN,), "warn"),
        ("warn", (WAIVED,), "pass"),
    ],
)
def test_what_follows_from_findings_depends_on_the_gate_and_on_waivers(
    then: Then, findings: tuple[Finding, ...], outcome: str
) -> None:
    verdict = judge_findings(Gate("publish", then, ruleset="rules.yaml"), "shop", findings)
    assert verdict.outcome == outcome
    assert bool(verdict.todo) == (outcome != "pass")


def comparison(version: str, severity: Severity = "breaking") -> Comparison:
    change = Change("operation-removed", "contract", severity, "", None, None, "getBook", ("getBook",), None, None)
    return Comparison("1.0.0", version, (change,))


@pytest.mark.parametrize(
    ("changes", "version", "outcome"),
    [
        ("breaking-without-major", "1.1.0", "block"),
        ("breaking-without-major", "2.0.0", "pass"),
        ("breaking-without-major", "two", "block"),
        ("breaking", "2.0.0", "block"),
    ],
)
def test_breaking_changes_need_a_major_version_or_are_refused(changes: Changes, version: str, outcome: str) -> None:
    found = comparison(version)
    verdict = judge_changes(Gate("publish", "block", changes=changes), "shop", found, judge_version(found))
    assert verdict.outcome == outcome
    assert bool(verdict.changes) == (outcome == "block")


def test_what_breaks_nobody_passes() -> None:
    found = comparison("1.0.1", "safe")
    verdict = judge_changes(Gate("publish", "block", changes="breaking"), "a", found, judge_version(found))
    assert verdict.outcome == "pass"


def test_steps_and_the_gates_that_are_asked_at_them() -> None:
    assert [step_of("a", None), step_of("a", "b"), step_of("a", "a")] == ["create", "update", "publish"]
    assert is_asked(Gate("create", "warn"), "create")
    assert not is_asked(Gate("create", "warn"), "update")
    assert is_asked(Gate("publish", "warn"), "create")


def test_a_ruleset_without_rules_of_that_severity_never_finds_anything() -> None:
    assert may_find(load_ruleset("yett:recommended"), "error")
    assert not may_find(Ruleset({}), "hint")

"""How good a contract is, in figures that say what to do next."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from yett.governance.lint import Outcome
    from yett.governance.rule import Rule, Severity
    from yett.governance.ruleset import Ruleset

Dimension = Literal["design", "security", "privacy", "documentation"]

DIMENSIONS: Final[tuple[Dimension, ...]] = ("design", "security", "privacy", "documentation")
_WEIGHTS: Final[dict[Severity, int]] = {"error": 10, "warn": 4, "info": 2, "hint": 1}
_WORDS: Final = re.compile(r"description|contact|licen[cs]e|tag|documentation|summary|example|info-")
_GRADES: Final = ((90, "A"), (75, "B"), (60, "C"), (40, "D"))


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next: a rule, the points of the whole that keeping it everywhere brings, and in how many places."""

    rule: str
    gain: float
    places: int
    hint: str


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Points from 0 to 100, in all and by dimension, those of which rules say nothing left out; and the next steps."""

    score: float
    dimensions: dict[Dimension, float]
    steps: tuple[Step, ...]

    @property
    def grade(self) -> str:
        """A to E, for who wants a letter."""
        return next((grade for least, grade in _GRADES if self.score >= least), "E")


def dimension_of(rule: str) -> Dimension:
    """What a rule is about, told by its id."""
    if "personal-data" in rule or "privacy" in rule:
        return "privacy"
    if rule.startswith("owasp:") or "security" in rule or "secret" in rule:
        return "security"
    return "documentation" if _WORDS.search(rule) else "design"


def score(outcome: Outcome, ruleset: Ruleset) -> Scorecard:
    """The scorecard of what rules found. A rule counts by its severity, and by the share of places that keep it.

    A finding that somebody has waived costs points all the same: it is put up with, not mended.
    """
    broken = Counter(finding.rule for finding in outcome.findings)
    asked = {id_: rule for id_, rule in ruleset.rules.items() if outcome.looked.get(id_)}
    kept = {id_: 1 - min(1.0, broken[id_] / outcome.looked[id_]) for id_ in asked}
    total = sum(_WEIGHTS[rule.severity] for rule in asked.values())
    by_dimension: dict[Dimension, dict[str, Rule]] = defaultdict(dict)
    for id_, rule in asked.items():
        by_dimension[dimension_of(id_)][id_] = rule
    steps = (_step(rule, broken[id_], kept[id_], total) for id_, rule in asked.items() if broken[id_])
    return Scorecard(
        _points(asked, kept),
        {name: _points(by_dimension[name], kept) for name in DIMENSIONS if by_dimension[name]},
        tuple(sorted(steps, key=lambda step: (-step.gain, step.rule))),
    )


def _points(rules: dict[str, Rule], kept: dict[str, float]) -> float:
    whole = sum(_WEIGHTS[rule.severity] for rule in rules.values())
    got = sum(_WEIGHTS[rule.severity] * kept[id_] for id_, rule in rules.items())
    return round(100 * got / whole, 1) if whole else 100.0


def _step(rule: Rule, places: int, kept: float, total: int) -> Step:
    gain = round(100 * _WEIGHTS[rule.severity] * (1 - kept) / total, 1)
    return Step(rule.id, gain, places, rule.hint or rule.description or rule.message)


def badge(scorecard: Scorecard) -> str:
    """The score as an SVG picture to put on a page."""
    colours = {"A": "#2e7d32", "B": "#558b2f", "C": "#b26a00", "D": "#d84315", "E": "#b71c1c"}
    text = f"{scorecard.grade} · {scorecard.score:.0f}"
    left, right = 34, 60
    style = 'font-family="Verdana,sans-serif" font-size="11" fill="#fff" text-anchor="middle"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" '
        f'aria-label="API: {text}">'
        f'<rect width="{left}" height="20" fill="#555"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{colours[scorecard.grade]}"/>'
        f'<text x="{left / 2}" y="14" {style}>API</text>'
        f'<text x="{left + right / 2}" y="14" {style}>{text}</text></svg>\n'
    )

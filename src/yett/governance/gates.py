"""Judges what rules found, and what has changed, by the gates of a configuration. Nothing is read here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from yett.governance.rule import SEVERITIES, Finding

if TYPE_CHECKING:
    from yett.contract.diff import Comparison
    from yett.contract.diff.versions import VersionVerdict
    from yett.governance.ruleset import Ruleset
    from yett.model.governance import Gate

Outcome = Literal["pass", "warn", "block"]
Step = Literal["create", "update", "publish"]

_RANK: Final[dict[str, int]] = {severity: rank for rank, severity in enumerate(SEVERITIES)}


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """What a gate says of an API, or, with an empty `api`, of the configuration itself; and what to do about it."""

    gate: Gate
    api: str
    outcome: Outcome
    message: str
    todo: str = ""
    findings: tuple[Finding, ...] = ()
    changes: tuple[str, ...] = ()


def step_of(digest: str, published: str | None) -> Step:
    """Which step a contract is at, given the digest of the published one."""
    if published is None:
        return "create"
    return "publish" if digest == published else "update"


def is_asked(gate: Gate, step: Step) -> bool:
    """Whether a gate has a say about an API at a step. Whatever is created or updated is to be published, too."""
    return gate.on in (step, "publish")


def judge_findings(gate: Gate, api: str, findings: Iterable[Finding]) -> GateVerdict:
    """The verdict of a gate that has a ruleset, on what its rules found."""
    counted = tuple(one for one in findings if _RANK[one.severity] <= _RANK[gate.least])
    open_ones = tuple(one for one in counted if not one.waived)
    waived = len(counted) - len(open_ones)
    told = f"{len(open_ones)} found" + (f", {waived} waived" if waived else "")
    if gate.then == "block" and counted:
        hint = "mend them: no waiver lifts this gate" if waived else "mend them"
        return GateVerdict(gate, api, "block", told, hint, counted)
    if not open_ones:
        return GateVerdict(gate, api, "pass", told if waived else "nothing found")
    if gate.then == "warn":
        return GateVerdict(gate, api, "warn", told, "mend them when you can", open_ones)
    hint = "mend them, or waive them in the ruleset with an owner, a reason and a day"
    return GateVerdict(gate, api, "block", told, hint, open_ones)


def judge_changes(gate: Gate, api: str, comparison: Comparison, version: VersionVerdict) -> GateVerdict:
    """The verdict of a gate on changes, on what has changed since what was published last."""
    breaking = tuple(dict.fromkeys(one.sentence for one in comparison.changes if one.severity == "breaking"))
    if not breaking:
        return GateVerdict(gate, api, "pass", "nothing breaks callers")
    if gate.changes == "breaking-without-major" and version.is_enough:
        return GateVerdict(gate, api, "pass", version.sentence)
    number = "1 change breaks" if len(breaking) == 1 else f"{len(breaking)} changes break"
    message = f"{number} callers of {comparison.old_version}"
    hint = "keep what callers rely on, and offer the new beside it"
    if gate.changes == "breaking-without-major":
        message = f"{message}; {version.sentence}"
        hint = "raise `info.version` to a new major one, or keep what callers rely on"
    return GateVerdict(gate, api, "block" if gate.then == "block" else "warn", message, hint, changes=breaking)


def may_find(ruleset: Ruleset, least: str) -> bool:
    """Whether any rule, or an override of one, is of the severity `least` or worse."""
    said = [rule.severity for rule in ruleset.rules.values()]
    said += [one for override in ruleset.overrides for one in override.severities.values() if one is not None]
    return any(_RANK[one] <= _RANK[least] for one in said)

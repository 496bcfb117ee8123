"""What the engine decided about one request, as types. Mirrors `Decision` of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

_ACCESS: Final = ("granted", "denied", "change")

Outcome = Literal["continue", "would-deny", "deny", "skipped"]
"""How a phase ended: it goes on; a guard in `monitor` would have refused; it was refused; there was nothing to do."""

PolicyOutcome = Literal["forbids", "permits", "fails", "silent"]
"""It refuses; it lets pass; it could not be evaluated, and refuses; it does not match."""


@dataclass(frozen=True, slots=True)
class PhaseReport:
    """How one phase went; `reasons` are sentences, most decisive first."""

    phase: str
    outcome: Outcome
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that does not fit the contract. `field` is a parameter's name or a JSON pointer into the body."""

    location: str
    field: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class AccessReport:
    """What decided about access, in sentences; `change` says what would change a refusal."""

    granted: tuple[str, ...]
    denied: tuple[str, ...]
    change: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolicyReport:
    """What one statement of an access policy came to; `monitored` ones only watch."""

    policy: str
    phase: str
    outcome: PolicyOutcome
    monitored: bool


@dataclass(frozen=True, slots=True)
class ContextReport:
    """What policies with conditions saw in a phase: the attributes of `context` that they read, in Cedar's JSON."""

    phase: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """The whole decision; `document` is the engine's JSON, for programs.

    `change` says what would change a refusal of access, of credentials or by policies.
    """

    id: str
    allowed: bool
    status: int | None
    code: str | None
    api: str | None
    operation: str | None
    app: str | None
    upstream: str | None
    violations: tuple[Violation, ...]
    headers: tuple[tuple[str, str], ...]
    phases: tuple[PhaseReport, ...]
    digest: str
    document: dict[str, Any]
    user: str | None = None
    access: AccessReport | None = None
    policies: tuple[PolicyReport, ...] = ()
    context: tuple[ContextReport, ...] = ()
    change: tuple[str, ...] = ()

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Decision:
        """The decision the engine wrote. Raises `KeyError` on anything else."""
        upstream, access = document["upstream"], document.get("access")
        return cls(
            id=document["id"],
            allowed=document["allowed"],
            status=document["status"],
            code=document["code"],
            api=document["api"],
            operation=document["operation"],
            app=document["app"],
            upstream=None if upstream is None else f"{upstream['target']} {upstream['path']}",
            violations=tuple(
                Violation(one["in"], one["field"], one["code"], one["detail"]) for one in document["violations"]
            ),
            headers=tuple((name, value) for name, value in document["headers"]),
            phases=tuple(
                PhaseReport(one["phase"], one["outcome"], tuple(one["reasons"])) for one in document["phases"]
            ),
            digest=document["digest"],
            document=document,
            user=document.get("user"),
            access=None if access is None else AccessReport(*(tuple(access[key]) for key in _ACCESS)),
            policies=tuple(
                PolicyReport(one["policy"], one["phase"], one["outcome"], one["monitored"])
                for one in document.get("policies", ())
            ),
            context=tuple(ContextReport(one["phase"], one["values"]) for one in document.get("context", ())),
            change=tuple(document.get("change", ())),
        )

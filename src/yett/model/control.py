"""Controls: temporary, explained actions on traffic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ControlMode = Literal["enforce", "monitor"]
"""Whether a control acts, or only records what it would do."""


@dataclass(frozen=True, slots=True)
class ControlScope:
    """Which requests a control is about: every list that is not empty must name the request's own.

    `operations` are `api:operationId`, `users` as the issuers of their tokens name them, `networks` CIDR or addresses.
    `everything` is said where no list has anything in it.
    """

    operations: tuple[str, ...] = ()
    apis: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    everything: bool = False

    def as_document(self) -> dict[str, Any]:
        """As in a patch: lists that are empty are left out."""
        lists = {
            name: list(getattr(self, name))
            for name in ("operations", "apis", "apps", "users", "credentials", "networks")
            if getattr(self, name)
        }
        return lists | ({"everything": True} if self.everything else {})

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> ControlScope:
        """Read what `as_document` wrote."""
        lists = {name: tuple(value) for name, value in document.items() if name != "everything"}
        return cls(**lists, everything=bool(document.get("everything")))


@dataclass(frozen=True, slots=True)
class Control:
    """A temporary action on traffic, with its author, its reason and its end.

    `action` is as in a patch (`schemas/patch.json`); times are Unix seconds. `ended_at` is set where somebody ended it
    before its time. `number` rises with every change of any control.
    """

    id: str
    action: Mapping[str, Any]
    scope: ControlScope
    author: str
    reason: str
    made_at: int
    expires_at: int
    evidence: tuple[str, ...] = ()
    mode: ControlMode = "enforce"
    ended_at: int | None = None
    ended_by: str = ""
    number: int = field(default=0, compare=False)

    def is_in_force(self, now: int) -> bool:
        """Whether it acts at the Unix second `now`."""
        return self.ended_at is None and self.expires_at > now

    def as_document(self) -> dict[str, Any]:
        """As in a patch."""
        return {
            "id": self.id,
            "action": dict(self.action),
            "scope": self.scope.as_document(),
            "mode": self.mode,
            "author": self.author,
            "reason": self.reason,
            "evidence": list(self.evidence),
            "made_at": self.made_at,
            "expires_at": self.expires_at,
        }

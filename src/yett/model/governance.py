"""Governance: what must hold of an API before it is published, and whether only what was published is served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from yett.model.place import NOWHERE, Place

LifecycleStep = Literal["create", "update", "publish"]
"""`create`: not published before; `update`: not what was published last; `publish`: whatever is published."""

Then = Literal["warn", "require-waiver", "block"]
"""What follows from what a gate finds: it is told; it blocks unless somebody has waived it; it blocks."""

From = Literal["error", "warn", "info", "hint"]
Changes = Literal["breaking-without-major", "breaking"]
Serve = Literal["any", "published"]


@dataclass(frozen=True, slots=True)
class Gate:
    """A ruleset (its name, or its path) with the least severity that counts, or a kind of changes, bound to a step."""

    on: LifecycleStep
    then: Then
    ruleset: str | None = None
    least: From = "error"
    changes: Changes | None = None
    place: Place = NOWHERE

    @property
    def title(self) -> str:
        """What the gate asks, in a few words."""
        asked = f"{self.ruleset} from {self.least}" if self.ruleset else f"changes: {self.changes}"
        return f"on {self.on}, {asked}, then {self.then}"


@dataclass(frozen=True, slots=True)
class Governance:
    """The gates, and what may be served: any contract, or only the published ones."""

    gates: tuple[Gate, ...] = ()
    serve: Serve = "any"
    place: Place = NOWHERE

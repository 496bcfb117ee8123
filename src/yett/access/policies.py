"""What access policies say of somebody, as far as it does not depend on the request.

A policy without conditions takes away or permits for good; one with conditions is named, and may refuse.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from yett.access.principals import Principal
    from yett.model.policy import Statement

Said = Literal["forbid", "permit", "forbid-if", "permit-if"]
"""What a statement does to whom it is for; with `-if`, where its conditions hold."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The statements in force: those that only watch refuse nothing."""

    statements: tuple[Statement, ...]

    @classmethod
    def of(cls, statements: Iterable[Statement]) -> Rules:
        """The statements that are in force among `statements`."""
        return cls(tuple(one for one in statements if not one.monitored))

    def for_profile(self, name: str) -> Iterator[tuple[Said, Statement]]:
        """What is said of whoever has a profile."""
        return self._for(("profile", name))

    def for_anybody(self, principal: Principal) -> Iterator[tuple[Said, Statement]]:
        """What is said of a principal as an app, of its team, and of everybody."""
        yield from self._for(None)
        if principal.kind in ("app", "key"):
            yield from self._for(("app", principal.app))
            yield from self._for(("team", principal.team))
        elif principal.kind == "team":
            yield from self._for(("team", principal.name))

    def _for(self, caller: tuple[str, str] | None) -> Iterator[tuple[Said, Statement]]:
        return ((said_by(one), one) for one in self.statements if one.caller == caller)

    def permits_of(self, operation: str) -> Sequence[Statement]:
        """The permits written for an operation: where there are any, one must match."""
        return [one for one in self.statements if one.effect == "permit" and operation in one.operations]

    @property
    def closed(self) -> frozenset[str]:
        """The operations for which permits are written."""
        return frozenset(name for one in self.statements if one.effect == "permit" for name in one.operations)


def said_by(statement: Statement) -> Said:
    """What a statement does."""
    if statement.effect == "forbid":
        return "forbid-if" if statement.conditional else "forbid"
    return "permit-if" if statement.conditional else "permit"

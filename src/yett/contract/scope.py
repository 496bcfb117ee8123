"""What the conversion of a schema must know about its surroundings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yett.contract.node import Node

_NONE: frozenset[str] = frozenset()


@dataclass(slots=True)
class Unit:
    """One shared schema (`owner`) or one schema of an operation: what it refers to, the patterns it could not keep."""

    owner: Node | None = None
    refers_to: set[str] = field(default_factory=set)
    patterns: list[tuple[Node, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Scope:
    """The surroundings of one schema.

    `hidden` are properties that the schemas around hide for the same value. `resource` is the nearest schema around
    with an `$id`, whose base URI is `base`: inside it, references keep their own meaning. `is_shared` is false in a
    copy of a part of a shared schema, whose named places stay with the original.
    """

    unit: Unit
    base: str
    resource: Node | None = None
    hidden: frozenset[str] = _NONE
    asserts_formats: bool = True
    is_shared: bool = True

    def inward(self) -> Scope:
        """Return the scope for a part of the value."""
        return replace(self, hidden=_NONE) if self.hidden else self

    def hiding(self, names: frozenset[str]) -> Scope:
        """Return the scope for further schemas of the same value."""
        return replace(self, hidden=self.hidden | names) if names - self.hidden else self

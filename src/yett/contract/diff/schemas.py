"""Two schemas compared, keyword by keyword, as they travel one way.

What is found in a pair of schemas is kept: a definition that a thousand operations share is compared once for each way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from yett.contract.diff import keywords
from yett.contract.diff.composition import compare_composition
from yett.contract.diff.properties import compare_properties

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yett.contract.diff.sides import Side
    from yett.contract.node import Node

_DEEPEST = 200


class Travel(NamedTuple):
    """How a value travels: which way, and in what form.

    In `text` (a parameter, a form) values have no types of their own; in another `notation` than JSON neither have
    objects and lists.
    """

    way: Literal["request", "response"]
    form: Literal["json", "text", "notation"] = "json"


@dataclass(frozen=True, slots=True)
class Found:
    """A change within a schema: `path` is the way to it from the schema, in steps as callers write them."""

    kind: str
    path: tuple[str, ...] = ()
    old: Node | None = None
    new: Node | None = None
    before: Any = None
    after: Any = None
    name: str = ""

    def below(self, step: str) -> Found:
        """The same, seen from one step above."""
        return replace(self, path=(step, *self.path))


@dataclass(frozen=True, slots=True)
class Pair:
    """Two schemas, both mappings, their references followed."""

    old: Node
    new: Node
    travel: Travel

    def values(self, key: str) -> tuple[Any, Any]:
        """What the two say under a keyword; `None` where they say nothing."""
        return self.old.value.get(key), self.new.value.get(key)

    def found(self, kind: str, before: Any = None, after: Any = None, name: str = "") -> Found:
        """A change of the pair itself."""
        return Found(kind, (), self.old, self.new, before, after, name)


class SchemaDiff:
    """Compares schemas of the two sides."""

    def __init__(self, old: Side, new: Side) -> None:
        self.old = old
        self.new = new
        self._known: dict[tuple[int, int, Travel], tuple[Found, ...]] = {}
        self._active: set[tuple[int, int, Travel]] = set()

    def compare(self, old: Node | None, new: Node | None, travel: Travel) -> tuple[Found, ...]:
        """All changes between two schemas. Where only one is there, that is the change."""
        one, other = self.old.schema(old), self.new.schema(new)
        if one is None or other is None:
            return self._lone(one, other)
        key = (id(one.value), id(other.value), travel)
        if key in self._known:
            return self._known[key]
        # A schema that is inside itself is compared where it began.
        if key in self._active or len(self._active) > _DEEPEST:
            return ()
        self._active.add(key)
        try:
            found = tuple(self._compare(Pair(one, other, travel)))
        finally:
            self._active.discard(key)
        self._known[key] = found
        return found

    def _lone(self, old: Node | None, new: Node | None) -> tuple[Found, ...]:
        if new is not None and new.value:
            return (Found("schema-added", (), None, new),)
        if old is not None and old.value:
            return (Found("schema-removed", (), old, None),)
        return ()

    def _compare(self, pair: Pair) -> Iterator[Found]:
        yield from keywords.compare_types(pair)
        yield from keywords.compare_values(pair)
        yield from keywords.compare_bounds(pair)
        yield from keywords.compare_texts(pair)
        yield from keywords.compare_notes(pair)
        yield from compare_properties(self, pair)
        yield from compare_composition(self, pair)

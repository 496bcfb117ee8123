"""Which properties a direction hides: `readOnly` ones from requests, `writeOnly` ones from responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from yett.contract.node import Node
    from yett.contract.resolver import Resolver

T = TypeVar("T")

Direction = Literal["request", "response"]

_FLAGS: dict[Direction, str] = {"request": "readOnly", "response": "writeOnly"}
_NONE: frozenset[str] = frozenset()

# Longer chains of references are refused when the schemas are checked as a whole.
_MAX_CHAIN = 64


class Hidden:
    """Answers for one direction; each schema is looked into once."""

    def __init__(self, direction: Direction, resolver: Resolver) -> None:
        self.flag = _FLAGS[direction]
        self.resolver = resolver
        self._is_hidden: dict[int, bool] = {}
        self._names: dict[int, frozenset[str]] = {}
        self._depth = 0

    def is_hidden(self, schema: Node) -> bool:
        """Whether the schema of a property says, itself or through `$ref` and `allOf`, that the direction hides it."""
        value = schema.value
        if not isinstance(value, dict):
            return False
        if value.get(self.flag) is True and "$ref" not in value:
            return True
        if "$ref" not in value and "allOf" not in value:
            return False
        known = self._is_hidden.get(id(value))
        if known is None:
            # A schema that leads back to itself adds nothing on the way round.
            self._is_hidden[id(value)] = False
            known = value.get(self.flag) is True or any(self._deeper(self.is_hidden, schema))
            self._is_hidden[id(value)] = known
        return known

    def names(self, schema: Node) -> frozenset[str]:
        """Return the properties that a schema declares and hides, those of its `$ref` and `allOf` included."""
        value = schema.value
        if not isinstance(value, dict):
            return _NONE
        known = self._names.get(id(value))
        if known is None:
            self._names[id(value)] = _NONE
            own = self._own_names(schema)
            known = own.union(*self._deeper(self.names, schema))
            self._names[id(value)] = known
        return known

    def _deeper(self, look: Callable[[Node], T], schema: Node) -> list[T]:
        if self._depth >= _MAX_CHAIN:
            return []
        self._depth += 1
        try:
            return [look(part) for part in self._parts(schema)]
        finally:
            self._depth -= 1

    def _own_names(self, schema: Node) -> frozenset[str]:
        properties = schema.value.get("properties")
        if not isinstance(properties, dict):
            return _NONE
        node = schema.child("properties")
        return frozenset(name for name in properties if self.is_hidden(node.child(name)))

    def _parts(self, schema: Node) -> list[Node]:
        parts: list[Node] = []
        if "$ref" in schema.value:
            target = self.resolver.quiet_target(schema.child("$ref"))
            if target is not None:
                parts.append(target)
        members = schema.value.get("allOf")
        if isinstance(members, list):
            node = schema.child("allOf")
            parts.extend(node.child(index) for index in range(len(members)))
        return parts

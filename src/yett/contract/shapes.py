"""Derives from a schema how the text of a parameter or form field becomes JSON (the `Shape` of the snapshot)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from yett.contract.keywords import TYPES
from yett.contract.resolver import walk_value
from yett.documents import split_pointer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_DEPTH = 8
MAX_SHAPES = 4_000
MAX_CHAIN = 64

_UNIONS = ("anyOf", "oneOf")


@dataclass(slots=True)
class _Shape:
    """`types` is `None` where nothing is known about them."""

    types: frozenset[str] | None = None
    items: _Shape | None = None
    properties: dict[str, _Shape] = field(default_factory=dict)
    additional: _Shape | None = None

    def plain(self) -> dict[str, Any]:
        out: dict[str, Any] = {}
        if self.types:
            out["types"] = [name for name in TYPES if name in self.types]
        if self.items is not None:
            out["items"] = self.items.plain()
        if self.properties:
            out["properties"] = {name: shape.plain() for name, shape in self.properties.items()}
        if self.additional is not None:
            out["additional"] = self.additional.plain()
        return out


class Shapes:
    """Derives shapes from schemas of one direction; recursive schemas are followed `MAX_DEPTH` deep."""

    def __init__(self, address: str, definitions: Mapping[str, Any]) -> None:
        self.address = address
        self.definitions = definitions
        self.left = 0
        self.following: set[str] = set()

    def shape(self, schema: Any) -> dict[str, Any]:
        """Return the shape in the form of the snapshot; entries that say nothing are left out."""
        self.left = MAX_SHAPES
        self.following.clear()
        return self._derive(schema, 0).plain()

    def types(self, schema: Any) -> frozenset[str]:
        """Return the types that a schema allows; empty where nothing is known."""
        self.left = MAX_SHAPES
        return self._derive(schema, MAX_DEPTH).types or frozenset()

    def _derive(self, schema: Any, depth: int) -> _Shape:
        self.left -= 1
        if not isinstance(schema, dict) or self.left < 0:
            return _Shape()
        shape = self._own(schema, depth)
        for part in self._all_parts(schema, depth):
            shape = _both(shape, part)
        for key in _UNIONS:
            if key in schema:
                shape = _both(shape, _either([self._derive(member, depth) for member in schema[key]]))
        return shape

    def _all_parts(self, schema: dict[str, Any], depth: int) -> Iterable[_Shape]:
        if "$ref" in schema:
            yield self._referred(schema["$ref"], depth)
        for member in schema.get("allOf", ()):
            yield self._derive(member, depth)
        if "if" in schema:
            branches = [self._derive(schema.get(key, True), depth) for key in ("then", "else")]
            yield _either(branches)

    def _referred(self, reference: str, depth: int) -> _Shape:
        prefix = self.address + "#"
        if not reference.startswith(prefix) or reference in self.following or len(self.following) > MAX_CHAIN:
            return _Shape()
        target = walk_value({"$defs": self.definitions}, split_pointer(unquote(reference[len(prefix) :])))
        self.following.add(reference)
        shape = self._derive(target, depth)
        self.following.discard(reference)
        return shape

    def _own(self, schema: dict[str, Any], depth: int) -> _Shape:
        shape = _Shape(_types(schema))
        if depth >= MAX_DEPTH:
            return shape
        # Whatever lies inside looks at another value, so a reference that is being followed may be followed again.
        outer, self.following = self.following, set()
        if "items" in schema:
            shape.items = self._derive(schema["items"], depth + 1)
        if "properties" in schema:
            kept = {name: inner for name, inner in schema["properties"].items() if inner is not False}
            shape.properties = {name: self._derive(inner, depth + 1) for name, inner in kept.items()}
        additional = schema.get("additionalProperties", False)
        if additional is not False:
            shape.additional = self._derive(additional, depth + 1)
        self.following = outer
        return shape


def _types(schema: dict[str, Any]) -> frozenset[str] | None:
    declared = schema.get("type")
    if isinstance(declared, str):
        return frozenset((declared,))
    if isinstance(declared, list):
        return frozenset(declared)
    if "const" in schema or "enum" in schema:
        values = schema["enum"] if "enum" in schema else [schema["const"]]
        return frozenset(_type_of(value) for value in values)
    if "properties" in schema or "required" in schema:
        return frozenset(("object",))
    return frozenset(("array",)) if "items" in schema or "prefixItems" in schema else None


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names[type(value)]


def _both(one: _Shape, other: _Shape) -> _Shape:
    """Return the shape of a value that has both shapes."""
    return _Shape(
        _both_types(one.types, other.types),
        _join(_both, one.items, other.items),
        _merge(_both, one.properties, other.properties),
        _join(_both, one.additional, other.additional),
    )


def _either(shapes: list[_Shape]) -> _Shape:
    """Return the shape of a value that has one of the shapes."""
    if not shapes:
        return _Shape()
    result = shapes[0]
    for other in shapes[1:]:
        result = _Shape(
            _either_types(result.types, other.types),
            _join(_pair, result.items, other.items),
            _merge(_pair, result.properties, other.properties),
            _join(_pair, result.additional, other.additional),
        )
    return result


def _pair(one: _Shape, other: _Shape) -> _Shape:
    return _either([one, other])


def _both_types(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    shared = one & other
    # A number that must be an integer and a number is an integer.
    if "integer" in one | other and "number" in one | other:
        shared |= {"integer"} if ("integer" in one) != ("integer" in other) else frozenset()
    return shared


def _either_types(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None and other is None:
        return None
    return (one if one is not None else frozenset(("string",))) | (
        other if other is not None else frozenset(("string",))
    )


def _join(how: Any, one: _Shape | None, other: _Shape | None) -> _Shape | None:
    if one is None or other is None:
        return other if one is None else one
    joined: _Shape = how(one, other)
    return joined


def _merge(how: Any, one: dict[str, _Shape], other: dict[str, _Shape]) -> dict[str, _Shape]:
    if not one or not other:
        return one or other
    merged = dict(one)
    for name, shape in other.items():
        merged[name] = how(merged[name], shape) if name in merged else shape
    return merged

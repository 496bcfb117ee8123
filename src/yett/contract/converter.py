"""Turns Schema Objects into JSON Schema 2020-12, keyword by keyword, for one direction.

What says nothing about validity is left out; what cannot be carried over is noted, never dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from yett.contract.discriminator import Discriminators
from yett.contract.formats import apply_format
from yett.contract.keywords import KEYWORDS_3_0, KEYWORDS_3_1, TYPES, Kind
from yett.contract.node import Node
from yett.contract.patterns import PatternError, translate_pattern
from yett.contract.scope import Scope
from yett.documents.problems import shorten

if TYPE_CHECKING:
    from yett.contract.definitions import Definitions
    from yett.contract.direction import Hidden
    from yett.contract.reader import Reader
    from yett.contract.references import References

MAX_SCHEMA_DEPTH = 64
_CLASS = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*")
_LONGEST_CLASS = 64

Handler = Callable[[str, Node, dict[str, Any], Scope], None]


class Converter:
    """Converts schemas of one contract; `is_3_0` chooses the older dialect of OpenAPI 3.0."""

    def __init__(
        self, reader: Reader, is_3_0: bool, definitions: Definitions, hidden: Hidden, references: References
    ) -> None:
        self.reader = reader
        self.report = reader.report
        self.is_3_0 = is_3_0
        self.keywords = KEYWORDS_3_0 if is_3_0 else KEYWORDS_3_1
        self.definitions = definitions
        self.hidden = hidden
        self.references = references
        self.discriminators = Discriminators(reader, references, definitions)
        self.depth = 0
        # The schema that is being converted without its subtypes, as the base of one of them.
        self.plain: Any = None
        self.handlers = self._handlers()

    def _handlers(self) -> dict[Kind, Handler]:
        return {
            Kind.SCHEMA: self._schema,
            Kind.IN_PLACE: self._in_place,
            Kind.IN_PLACE_LIST: self._in_place_list,
            Kind.SCHEMA_LIST: self._schema_list,
            Kind.PROPERTIES: self._properties,
            Kind.PATTERNS: self._pattern_properties,
            Kind.IN_PLACE_MAP: self._in_place_map,
            Kind.DEFINITIONS: self._map,
            Kind.COUNT: self._count,
            Kind.NUMBER: self._number,
            Kind.DIVISOR: self._divisor,
            Kind.FLAG: self._flag,
            Kind.TEXTS: self._texts,
            Kind.TEXT_LISTS: self._text_lists,
            Kind.VALUES: self._values,
            Kind.VALUE: self._value,
            Kind.TYPE: self._type,
            Kind.PATTERN: self._pattern,
            Kind.REF: self.references.convert_ref,
            Kind.DYNAMIC_REF: self.references.convert_dynamic_ref,
            Kind.ANCHOR: self.references.convert_anchor,
            Kind.DYNAMIC_ANCHOR: self.references.convert_dynamic_anchor,
        }

    def schema(self, node: Node, scope: Scope) -> Any:
        """Return the JSON Schema for the Schema Object at `node`; `True` where it is not one, which is noted."""
        if isinstance(node.value, bool) and not self.is_3_0:
            return node.value
        if not self.reader.has_type(node, dict):
            return True
        if self.depth >= MAX_SCHEMA_DEPTH:
            hint = "move inner schemas to components and refer to them"
            self.report.error(node, "schema-too-deep", f"schemas are nested more than {MAX_SCHEMA_DEPTH} deep", hint)
            return True
        self.depth += 1
        try:
            return self._object_3_0(node, scope) if self.is_3_0 else self._object_3_1(node, scope)
        finally:
            self.depth -= 1

    def _object_3_0(self, node: Node, scope: Scope) -> Any:
        if "$ref" in node.value:
            out: dict[str, Any] = {}
            self.references.convert_ref("$ref", node.child("$ref"), out, scope)
            return out
        out = self._convert_keywords(node, scope)
        self._exclusive_bounds(node, out)
        if self.reader.flag(node, "nullable"):
            return _nullable(out)
        return out

    def _object_3_1(self, node: Node, scope: Scope) -> Any:
        scope = self.references.enter(node, scope)
        out = self._convert_keywords(node, scope)
        if scope.resource is node:
            out["$id"] = scope.base
        return out

    def _convert_keywords(self, node: Node, scope: Scope) -> dict[str, Any]:
        value = node.value
        if "properties" in value or "allOf" in value:
            scope = scope.hiding(self.hidden.names(node))
        out: dict[str, Any] = {}
        for key in value:
            kind = self.keywords.get(key)
            if kind is None:
                self._unknown(node, key, out, scope)
            elif kind in self.handlers:
                self.handlers[kind](key, node.child(key), out, scope)
        if "patternProperties" in out and len(out["patternProperties"]) < len(value["patternProperties"]):
            self._widen(out)
        if "format" in value:
            self._format(node, out, scope)
        if "discriminator" in value:
            self.discriminators.apply(node, out, scope, is_plain=value is self.plain)
        return out

    def _unknown(self, node: Node, key: str, out: dict[str, Any], scope: Scope) -> None:
        if key == "x-yett-data":
            self._class(node.child(key), out)
        elif scope.resource is not None:
            # A reference inside a resource of its own may lead through any keyword.
            out[key] = node.value[key]
        elif key == "nullable":
            hint = 'write type: [..., "null"]'
            self.report.warning_once(key, node.child(key), "unknown-keyword", "OpenAPI 3.1 has no nullable", hint)
        elif not key.startswith("x-"):
            hint = "it is ignored: this keyword came with OpenAPI 3.1" if key in KEYWORDS_3_1 else "it is ignored"
            message = f"{shorten(key)!r} is not a keyword of this version"
            self.report.warning_once(key, node.child(key), "unknown-keyword", message, hint)

    def _class(self, child: Node, out: dict[str, Any]) -> None:
        """The class of the data: it asserts nothing, and the engine masks by it."""
        said = child.value.get("class") if isinstance(child.value, dict) else None
        if isinstance(said, str) and len(said) <= _LONGEST_CLASS and _CLASS.fullmatch(said):
            out["x-yett-data"] = {"class": said}
        else:
            hint = "write x-yett-data: {class: pii.email}"
            self.report.error(child, "class-invalid", "x-yett-data must say a class: words joined by dots", hint)

    def _schema(self, key: str, child: Node, out: dict[str, Any], scope: Scope) -> None:
        if key == "additionalProperties" and isinstance(child.value, bool):
            out[key] = child.value
        else:
            out[key] = self.schema(child, scope.inward())

    def _in_place(self, key: str, child: Node, out: dict[str, Any], scope: Scope) -> None:
        out[key] = self.schema(child, scope)

    def _in_place_list(self, key: str, child: Node, out: dict[str, Any], scope: Scope) -> None:
        if self._is_filled_list(child):
            members = (child.child(index) for index in range(len(child.value)))
            out[key] = [self._member(key, member, scope) for member in members]

    def _member(self, key: str, member: Node, scope: Scope) -> Any:
        if key == "allOf":
            supertype = self.discriminators.plain_supertype(member, scope)
            if supertype is not None:
                return supertype
        return self.schema(member, scope)

    def _schema_list(self, key: str, child: Node, out: dict[str, Any], scope: Scope) -> None:
        if self._is_filled_list(child):
            out[key] = [self.schema(child.child(index), scope.inward()) for index in range(len(child.value))]

    def _is_filled_list(self, child: Node) -> bool:
        if not self.reader.has_type(child, list):
            return False
        if not child.value:
            self.report.error(child, "empty-list", f"{child.key} must not be empty", "add a schema, or remove it")
        return bool(child.value)

    def _properties(self, key: str, child: Node, out: dict[str, Any], scope: Scope) -> None:
        if self.reader.has_type(child, dict):
            inward = scope.inward()
            out[key] = {name: self._property(child.child(name), inward) for name in child.value}

    def _property(self, child: Node, scope: Scope) -> Any:
        return False if self.hidden.is_hidden(child) else self.schema(child, scope)

    def _map(self, key: str, child: Node, out: dict[str, Any], scope: Scope) -> None:
        if self.reader.has_type(child, dict):
            inward = scope.inward()
            out[key] = {name: self.schema(child.child(name), inward) for name in child.value}

    def _in_place_map(self, key: str, child: Node, out: dict[str, Any], scope: Scope) -> None:
        if self.reader.has_type(child, dict):
            out[key] = {name: self.schema(child.child(name), scope) for name in child.value}

    def _pattern_properties(self, key: str, child: Node, out: dict[str, Any], scope: Scope) -> None:
        if not self.reader.has_type(child, dict):
            return
        found: dict[str, Any] = {}
        for pattern in child.value:
            entry = child.child(pattern)
            translated = self._translate(pattern, entry, scope)
            if translated is not None:
                found[translated] = self.schema(entry, scope.inward())
        out[key] = found

    def _widen(self, out: dict[str, Any]) -> None:
        """Accept any property: those that a pattern left out would have named must not be refused for it."""
        for key in ("additionalProperties", "unevaluatedProperties"):
            out.pop(key, None)

    def _count(self, key: str, child: Node, out: dict[str, Any], _: Scope) -> None:
        value = child.value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            self._wrong(child, "a whole number that is not negative")
        else:
            out[key] = value

    def _number(self, key: str, child: Node, out: dict[str, Any], _: Scope) -> None:
        if isinstance(child.value, bool) or not isinstance(child.value, int | float):
            self._wrong(child, "a number")
        else:
            out[key] = child.value

    def _divisor(self, key: str, child: Node, out: dict[str, Any], _: Scope) -> None:
        if isinstance(child.value, bool) or not isinstance(child.value, int | float) or child.value <= 0:
            self._wrong(child, "a number above 0")
        else:
            out[key] = child.value

    def _flag(self, key: str, child: Node, out: dict[str, Any], _: Scope) -> None:
        if self.reader.has_type(child, bool):
            out[key] = child.value

    def _texts(self, key: str, child: Node, out: dict[str, Any], scope: Scope) -> None:
        names = self._names(child)
        kept = [name for name in names if name not in scope.hidden]
        if kept:
            out[key] = kept

    def _text_lists(self, key: str, child: Node, out: dict[str, Any], scope: Scope) -> None:
        if self.reader.has_type(child, dict):
            entries = {name: self._names(child.child(name)) for name in child.value}
            out[key] = {name: [one for one in names if one not in scope.hidden] for name, names in entries.items()}

    def _names(self, child: Node) -> list[str]:
        value = child.value
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            self._wrong(child, "a list of property names")
            return []
        return list(dict.fromkeys(value))

    def _values(self, key: str, child: Node, out: dict[str, Any], _: Scope) -> None:
        if self.reader.has_type(child, list):
            out[key] = child.value

    def _value(self, key: str, child: Node, out: dict[str, Any], _: Scope) -> None:
        out[key] = child.value

    def _type(self, key: str, child: Node, out: dict[str, Any], _: Scope) -> None:
        value = child.value
        names = value if isinstance(value, list) and not self.is_3_0 else [value]
        allowed = TYPES[1:] if self.is_3_0 else TYPES
        if not names or not all(isinstance(name, str) and name in allowed for name in names):
            hint = f"write one of {', '.join(allowed)}"
            if self.is_3_0:
                hint += "; for null, add nullable: true; for several types, use anyOf or OpenAPI 3.1"
            self.report.error(child, "unknown-type", f"{shorten(str(value))!r} is not a type", hint)
        else:
            out[key] = list(dict.fromkeys(names)) if isinstance(value, list) else value

    def _pattern(self, key: str, child: Node, out: dict[str, Any], scope: Scope) -> None:
        if self.reader.has_type(child, str):
            translated = self._translate(child.value, child, scope)
            if translated is not None:
                out[key] = translated

    def _translate(self, pattern: str, at: Node, scope: Scope) -> str | None:
        try:
            return translate_pattern(pattern)
        except PatternError as error:
            scope.unit.patterns.append((at, f"the pattern {shorten(pattern)!r} cannot be enforced: {error}"))
            return None

    def _format(self, node: Node, out: dict[str, Any], scope: Scope) -> None:
        name = self.reader.text(node, "format")
        if name is not None and scope.asserts_formats and not apply_format(name, out):
            message = f"the format {shorten(name)!r} is not known and not enforced"
            hint = "add a pattern or bounds, if the value must be checked"
            self.report.warning_once(name, node.child("format"), "unknown-format", message, hint)

    def _exclusive_bounds(self, node: Node, out: dict[str, Any]) -> None:
        for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if self.reader.flag(node, exclusive) and bound in out:
                out[exclusive] = out.pop(bound)

    def _wrong(self, child: Node, expected: str) -> None:
        self.report.error(child, "wrong-type", f"{child.key} must be {expected}", f"write {expected}")


def _nullable(out: dict[str, Any]) -> dict[str, Any]:
    """Let a schema accept null too.

    OpenAPI 3.0.3 lets `nullable` widen nothing but a `type` beside it. Contracts use it beside `allOf` and `enum` as
    well, and mean that null is allowed, so there it is allowed too.
    """
    if any(key in out for key in ("allOf", "anyOf", "oneOf", "not")):
        return {"anyOf": [{"type": "null"}, out]}
    if "type" in out:
        out["type"] = [out["type"], "null"]
    if "enum" in out and None not in out["enum"]:
        out["enum"] = [*out["enum"], None]
    return out

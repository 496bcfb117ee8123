"""Makes a small value that fits a converted schema, for examples, documentation and mocks.

Best effort: a schema that only a solver could satisfy gets a value that fits its type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from yett.contract.resolver import walk_value
from yett.contract.texts import sample_text
from yett.documents import split_pointer

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_DEPTH = 12
MAX_ITEMS = 20

_FORMATS = {
    "date": "2024-05-17",
    "date-time": "2024-05-17T10:30:00Z",
    "duration": "PT1H",
    "email": "reader@example.com",
    "hostname": "example.com",
    "idn-email": "reader@example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "iri": "https://example.com/a",
    "iri-reference": "/a",
    "json-pointer": "/a",
    "regex": "^a$",
    "relative-json-pointer": "0/a",
    "time": "10:30:00Z",
    "uri": "https://example.com/a",
    "uri-reference": "/a",
    "uri-template": "/a/{id}",
    "uuid": "3f2b8a52-5e0a-4c1e-9f63-7d2f4b8e1a90",
}


class Samples:
    """Samples schemas that refer to the definitions at `address`."""

    def __init__(self, address: str, definitions: Mapping[str, Any]) -> None:
        self.prefix = address + "#"
        self.documents = {"$defs": definitions}

    def sample(self, schema: Any, depth: int = 0) -> Any:
        """Return a value; `None` where the schema is recursive beyond `MAX_DEPTH`."""
        if not isinstance(schema, dict) or depth > MAX_DEPTH:
            return "example" if schema is True else None
        flat = self._flatten(schema, depth)
        if "const" in flat:
            return flat["const"]
        if flat.get("enum"):
            return next((value for value in flat["enum"] if value is not None), None)
        return self._of_type(_type_of(flat), flat, depth)

    def _flatten(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        """Merge what looks at the same value: references, all of `allOf`, the first useful choice of a union."""
        flat = {key: value for key, value in schema.items() if key not in ("$ref", "allOf", "anyOf", "oneOf")}
        parts = [*schema.get("allOf", ())]
        if "$ref" in schema:
            parts.append(self._referred(schema["$ref"]))
        for key in ("anyOf", "oneOf"):
            choices = [one for one in schema.get(key, ()) if not _is_null(one)]
            parts.extend(choices[:1])
        for part in parts:
            if isinstance(part, dict) and depth <= MAX_DEPTH:
                _merge(flat, self._flatten(part, depth + 1))
        return flat

    def _referred(self, reference: str) -> Any:
        if not reference.startswith(self.prefix):
            return True
        return walk_value(self.documents, split_pointer(unquote(reference.removeprefix(self.prefix))))

    def _of_type(self, name: str, flat: dict[str, Any], depth: int) -> Any:
        if name == "object":
            return self._object(flat, depth)
        if name == "array":
            return self._array(flat, depth)
        if name in ("integer", "number"):
            return _number(flat, name)
        if name == "boolean":
            return True
        return None if name == "null" else _text(flat)

    def _object(self, flat: dict[str, Any], depth: int) -> dict[str, Any]:
        properties = flat.get("properties", {})
        additional = flat.get("additionalProperties", True)
        return {name: self.sample(properties.get(name, additional), depth + 1) for name in flat.get("required", ())}

    def _array(self, flat: dict[str, Any], depth: int) -> list[Any]:
        prefix = [self.sample(item, depth + 1) for item in flat.get("prefixItems", ())]
        count = min(max(flat.get("minItems", 0), 1) - len(prefix), MAX_ITEMS)
        items = flat.get("items", flat.get("contains", True))
        return prefix if items is False else prefix + [self.sample(items, depth + 1) for _ in range(count)]


def _type_of(flat: dict[str, Any]) -> str:
    declared = flat.get("type")
    names = declared if isinstance(declared, list) else [declared] if declared else []
    for name in names:
        if name != "null":
            return str(name)
    if names:
        return "null"
    if "properties" in flat or "required" in flat:
        return "object"
    if "items" in flat or "prefixItems" in flat:
        return "array"
    return "number" if "minimum" in flat or "maximum" in flat else "string"


def _is_null(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("type") == "null"


def _merge(flat: dict[str, Any], part: dict[str, Any]) -> None:
    for key, value in part.items():
        if key == "properties":
            flat[key] = {**value, **flat.get(key, {})}
        elif key == "required":
            flat[key] = list(dict.fromkeys([*flat.get(key, ()), *value]))
        else:
            flat.setdefault(key, value)


def _number(flat: dict[str, Any], name: str) -> int | float:
    low = flat.get("minimum", flat.get("exclusiveMinimum"))
    high = flat.get("maximum", flat.get("exclusiveMaximum"))
    value: int | float = 1
    if low is not None and value <= low:
        value = low + ("exclusiveMinimum" in flat)
    elif high is not None and value >= high:
        value = high - ("exclusiveMaximum" in flat)
    step = flat.get("multipleOf", 0)
    if step:
        value = -(-value // step) * step
    return int(value) if name == "integer" else value


def _text(flat: dict[str, Any]) -> str:
    if flat.get("format") in _FORMATS:
        return _FORMATS[flat["format"]]
    if "pattern" in flat and (found := sample_text(flat["pattern"])) is not None:
        return found
    text = "example"
    if len(text) < flat.get("minLength", 0):
        text = text.ljust(min(flat["minLength"], 1_000), "x")
    return text[: flat.get("maxLength", len(text))]

"""Spells JSON values as parameters and form fields, by `style` and `explode` (OpenAPI 3.2, section 4.12)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

Pair = tuple[str, str]

_SEPARATORS = {"spaceDelimited": " ", "pipeDelimited": "|"}


def scalar(value: Any) -> str:
    """Return a value as text: JSON for everything but text itself."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def path_segment(parameter: dict[str, Any], value: Any) -> str:
    """Return what stands for `{name}` in a path, percent-encoded."""
    name, style, explode = parameter["name"], parameter["style"], parameter["explode"]
    if style == "matrix":
        pairs = _exploded(name, value) if explode else [(name, _joined(value, ",", encode=True))]
        return "".join(f";{quote(key, safe='')}={text if not explode else quote(text, safe='')}" for key, text in pairs)
    separator = "." if style == "label" and explode else ","
    return ("." if style == "label" else "") + _joined(value, separator, encode=True, explode=explode)


def query_pairs(parameter: dict[str, Any], value: Any) -> list[Pair]:
    """Return the name-value pairs of a query parameter, cookie or form field, not yet percent-encoded."""
    name, style = parameter["name"], parameter["style"]
    if style == "deepObject" and isinstance(value, dict | list):
        return list(_deep(name, value))
    if parameter["explode"] and style in ("form", "cookie"):
        return _exploded(name, value)
    return [(name, _joined(value, _SEPARATORS.get(style, ",")))]


def header_value(parameter: dict[str, Any], value: Any) -> str:
    """Return the value of a header field in style `simple`."""
    return _joined(value, ",", explode=parameter["explode"])


def _exploded(name: str, value: Any) -> list[Pair]:
    if isinstance(value, list):
        return [(name, scalar(item)) for item in value]
    if isinstance(value, dict):
        return [(key, scalar(item)) for key, item in value.items()]
    return [(name, scalar(value))]


def _deep(name: str, value: Any) -> Iterator[Pair]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _deep(f"{name}[{key}]", item)
    elif isinstance(value, list):
        for item in value:
            yield from _deep(f"{name}[]", item)
    else:
        yield name, scalar(value)


def _joined(value: Any, separator: str, *, encode: bool = False, explode: bool = False) -> str:
    parts = [quote(part, safe="") if encode else part for part in _parts(value)]
    if isinstance(value, dict) and explode:
        parts = [f"{key}={item}" for key, item in zip(parts[::2], parts[1::2], strict=True)]
    return separator.join(parts)


def _parts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [part for key, item in value.items() for part in (key, scalar(item))]
    return [scalar(item) for item in value] if isinstance(value, list) else [scalar(value)]

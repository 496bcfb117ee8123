"""Formats of the OpenAPI registry as assertions that the validator knows."""

from __future__ import annotations

from typing import Any

# Checked by the validator by name.
ASSERTED = frozenset(
    {
        "date",
        "date-time",
        "duration",
        "email",
        "hostname",
        "idn-email",
        "idn-hostname",
        "ipv4",
        "ipv6",
        "iri",
        "iri-reference",
        "json-pointer",
        "regex",
        "relative-json-pointer",
        "time",
        "uri",
        "uri-reference",
        "uri-template",
        "uuid",
    }
)

# Allowed anything that their type allows, by definition.
ANNOTATIONS = frozenset({"binary", "commonmark", "double", "html", "password"})

_FLOAT_MAX = 3.4028234663852886e38

_BOUNDS: dict[str, tuple[int | float, int | float]] = {
    "int8": (-(2**7), 2**7 - 1),
    "uint8": (0, 2**8 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "uint16": (0, 2**16 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
    "double-int": (-(2**53) + 1, 2**53 - 1),
    "float": (-_FLOAT_MAX, _FLOAT_MAX),
}

_PATTERNS = {
    "byte": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
    "base64url": "^[A-Za-z0-9_-]*$",
}


def apply_format(name: str, out: dict[str, Any]) -> bool:
    """Add what the format `name` asserts to the schema `out`; false where the format is not known."""
    if name in ASSERTED:
        out["format"] = name
    elif name in _BOUNDS:
        low, high = _BOUNDS[name]
        out["minimum"] = max(low, out.get("minimum", low))
        out["maximum"] = min(high, out.get("maximum", high))
    elif name in _PATTERNS:
        _add_pattern(_PATTERNS[name], out)
    else:
        return name in ANNOTATIONS
    return True


def _add_pattern(pattern: str, out: dict[str, Any]) -> None:
    if "pattern" in out:
        out["allOf"] = [*out.get("allOf", []), {"pattern": pattern}]
    else:
        out["pattern"] = pattern

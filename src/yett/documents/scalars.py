"""YAML scalars by the core schema of YAML 1.2 (section 10.3.2): no dates, no yes/no, no leading-zero octals."""

from __future__ import annotations

import math
import re

Scalar = str | int | float | bool | None

CORE = "tag:yaml.org,2002:"

_FIXED: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

_STARTS = frozenset("-+.0123456789")
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_BASED = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")

# No number of more digits fits a double, and reading one takes time that grows with the square of its length.
_MAX_DIGITS = 400


class NotFiniteError(ValueError):
    """The scalar is infinite or not a number."""


class OutOfRangeError(ValueError):
    """The number is larger than a double can hold."""


def plain_scalar(text: str) -> Scalar:
    """Return the value of an untagged plain scalar. Raises `NotFiniteError` or `OutOfRangeError`."""
    if text and text[0] in _STARTS:
        return _number(text)
    return _FIXED.get(text, text)


def tagged_scalar(tag: str, text: str) -> Scalar:
    """Return the value of a scalar with a core tag; `LookupError` for another tag, or text that does not fit it."""
    if tag in (CORE + "str", "!"):
        return text
    value = plain_scalar(text)
    if tag == CORE + "float" and type(value) is int:
        return finite(text)
    kinds = {CORE + "int": int, CORE + "float": float, CORE + "bool": bool, CORE + "null": type(None)}
    if type(value) is not kinds[tag]:
        raise LookupError(tag)
    return value


def finite(text: str) -> float:
    """Return the float that `text` spells. Raises `OutOfRangeError` where it overflows a double."""
    value = float(text)
    if math.isinf(value):
        raise OutOfRangeError(text)
    return value


def _number(text: str) -> Scalar:
    if _INTEGER.match(text):
        return integer(text)
    if _BASED.match(text):
        return integer(text, 0)
    if _FLOAT.match(text):
        return finite(text)
    if _NOT_FINITE.match(text):
        raise NotFiniteError(text)
    return text


def integer(text: str, base: int = 10) -> int:
    """Return the integer that `text` spells. Raises `OutOfRangeError` where no double could come near it."""
    if len(text) > _MAX_DIGITS:
        raise OutOfRangeError(text)
    return int(text, base)

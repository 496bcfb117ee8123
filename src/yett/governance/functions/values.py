"""Checks of a value by itself."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from yett.governance.jsonpath import PatternError, pattern_of
from yett.governance.jsonpath.expression import truth
from yett.governance.rule import ABSENT, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yett.governance.rule import Question


def shown(value: Any) -> str:
    """A value in a message, shortened."""
    if value is ABSENT:
        return "undefined"
    if isinstance(value, dict):
        return "Object{}"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _holds(value: Any) -> bool:
    return value is not ABSENT and truth(value)


def truthy(value: Any, _options: Any, _question: Question) -> Iterator[Problem]:
    """It must be there, and be neither empty text, nor 0, false or null."""
    if not _holds(value):
        yield Problem("{{property}} must be truthy")


def falsy(value: Any, _options: Any, _question: Question) -> Iterator[Problem]:
    """It must be missing, empty text, 0, false or null."""
    if _holds(value):
        yield Problem("{{property}} must be falsy")


def defined(value: Any, _options: Any, _question: Question) -> Iterator[Problem]:
    """It must be there, whatever it is."""
    if value is ABSENT:
        yield Problem("{{property}} must be defined")


def undefined(value: Any, _options: Any, _question: Question) -> Iterator[Problem]:
    """It must not be there."""
    if value is not ABSENT:
        yield Problem("{{property}} must be undefined")


def enumeration(value: Any, options: Any, _question: Question) -> Iterator[Problem]:
    """It must be one of `values`; lists and mappings are not asked."""
    values = options["values"]
    if isinstance(value, str | int | float) and not any(_equal(value, one) for one in values):
        listed = ", ".join(shown(one) for one in values)
        yield Problem(f"{shown(value)} must be equal to one of the allowed values: {listed}")


def _equal(a: Any, b: Any) -> bool:
    return (type(a) is type(b) and a == b) or (isinstance(a, int | float) and not isinstance(a, bool) and a == b)


def length(value: Any, options: Any, _question: Question) -> Iterator[Problem]:
    """How long a text, a list or a mapping is, or how large a number: from `min` to `max`."""
    if isinstance(value, bool) or not isinstance(value, str | list | dict | int | float):
        return
    size = value if isinstance(value, int | float) else len(value)
    if "min" in options and size < options["min"]:
        yield Problem(f"{{{{property}}}} must be longer than {options['min']}")
    if "max" in options and size > options["max"]:
        yield Problem(f"{{{{property}}}} must be shorter than {options['max']}")


def pattern(value: Any, options: Any, _question: Question) -> Iterator[Problem]:
    """A text must match `match`, and must not match `notMatch`; what is no text is not asked."""
    if not isinstance(value, str):
        return
    for key, wanted in (("match", True), ("notMatch", False)):
        if key not in options:
            continue
        try:
            matches = pattern_of(options[key]).search(value)
        except PatternError as error:
            yield Problem(str(error))
            continue
        if matches is not wanted:
            rule = "must match the pattern" if wanted else "must not match the pattern"
            yield Problem(f"{shown(value)} {rule} {shown(options[key])}")


_WORDS: Final = {
    "flat": r"[a-z]{d}[a-z{d}]*",
    "camel": r"[a-z]{d}*(?:[A-Z{d}](?:[a-z{d}]+|$))*",
    "pascal": r"[A-Z][a-z{d}]*(?:[A-Z{d}](?:[a-z{d}]+|$))*",
    "kebab": r"[a-z][a-z{d}]*(?:-[a-z{d}]+)*",
    "cobol": r"[A-Z][A-Z{d}]*(?:-[A-Z{d}]+)*",
    "snake": r"[a-z][a-z{d}]*(?:_[a-z{d}]+)*",
    "macro": r"[A-Z][A-Z{d}]*(?:_[A-Z{d}]+)*",
}
CASINGS: Final = tuple(_WORDS)
"""The ways of writing several words as one."""


def casing(value: Any, options: Any, _question: Question) -> Iterator[Problem]:
    """A text must be written as `type` says, with `separator.char` between parts and, if not said, with digits."""
    if not isinstance(value, str) or not value:
        return
    separator = options.get("separator") or {}
    char = separator.get("char", "")
    if char and separator.get("allowLeading") and value == char:
        return
    if not _casing(
        options["type"], bool(options.get("disallowDigits")), char, bool(separator.get("allowLeading"))
    ).fullmatch(value):
        yield Problem(f"{shown(value)} must be {options['type']} case")


@lru_cache(maxsize=256)
def _casing(kind: str, no_digits: bool, char: str, leading: bool) -> re.Pattern[str]:
    base = {"flat": r"[a-z][a-z{d}]*", "camel": r"[a-z][a-z{d}]*(?:[A-Z{d}](?:[a-z{d}]+|$))*"}.get(kind, _WORDS[kind])
    word = base.replace("{d}", "" if no_digits else "0-9")
    if not char:
        return re.compile(word)
    between = re.escape(char)
    return re.compile(f"{between if leading else ''}{'?' if leading else ''}{word}(?:{between}{word})*")


def typed_enum(value: Any, _options: Any, _question: Question) -> Iterator[Problem]:
    """The values of an `enum` must be of the `type` beside it."""
    if not isinstance(value, dict) or not isinstance(value.get("enum"), list):
        return
    said = value.get("type")
    types = (
        {said}
        if isinstance(said, str)
        else {one for one in said if isinstance(one, str)}
        if isinstance(said, list)
        else set()
    )
    if value.get("nullable") is True or value.get("x-nullable") is True:
        types.add("null")
    if not types & {"string", "number", "integer", "boolean", "null", "object", "array"}:
        return
    for index, one in enumerate(value["enum"]):
        if not any(is_of_type(one, name) for name in types):
            yield Problem(
                f"Enum value {shown(one)} must be {shown(sorted(types) if len(types) > 1 else next(iter(types)))}.",
                ("enum", index),
            )


def is_of_type(value: Any, name: str) -> bool:
    """Whether a value is of a type of JSON Schema."""
    match name:
        case "null":
            return value is None
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer()
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case _:
            return False

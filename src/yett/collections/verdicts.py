"""Whether an answer is what was expected of it: each assertion is judged by itself, and says what it saw."""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs

from yett.collections.scripts import sentence
from yett.documents import split_pointer

if TYPE_CHECKING:
    from yett.collections.model import Assertion, Extraction, Operator

_LARGEST_PATTERN: Final = 4 * 1024 * 1024
"""Bytes that a compiled pattern may take."""
_SHOWN: Final = 200
_ABSENT: Final = object()


@dataclass(frozen=True)
class Answer:
    """What came back. Names of `headers` are in lower case; `took_ms` is from sending to the last byte."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    took_ms: float = 0.0

    def header(self, name: str) -> str | None:
        """The values of a header, joined."""
        found = [value for key, value in self.headers if key == name.lower()]
        return ", ".join(found) if found else None

    @cached_property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", errors="replace")

    @cached_property
    def json(self) -> tuple[Any, ...]:
        """The body as a JSON value, in a tuple; an empty one where it is none."""
        try:
            return (json.loads(self.text),)
        except (ValueError, RecursionError):
            return ()

    def at(self, pointer: str) -> Any:
        """The value at a JSON pointer; `_ABSENT` where there is none."""
        value: Any = self.json[0] if self.json else _ABSENT
        for part in split_pointer(pointer if not pointer or pointer.startswith("/") else f"/{pointer}"):
            if isinstance(value, dict):
                value = value.get(part, _ABSENT)
            elif (
                isinstance(value, list)
                and part.isascii()
                and part.isdigit()
                and len(part) < 10
                and int(part) < len(value)
            ):
                value = value[int(part)]
            else:
                return _ABSENT
        return value


@dataclass(frozen=True, slots=True)
class Checked:
    """One assertion: what was expected in words, whether it held, and what was seen where it did not."""

    expected: str
    held: bool
    seen: str = ""


def judge(one: Assertion, answer: Answer, fits_contract: Callable[[Answer], str | None]) -> Checked:
    """Judge an assertion. `fits_contract` says why an answer does not fit; `None` where it does."""
    if one.subject == "contract":
        reason = fits_contract(answer)
        held = (reason is None) == (one.value is not False)
        return Checked(sentence(one), held, "" if held else reason or "it fits")
    value = _value(one, answer)
    held = _holds(one, value)
    return Checked(sentence(one), held, "" if held else _shown(value))


def extracted(one: Extraction, answer: Answer) -> str | None:
    """The text that is taken from an answer; `None` where it is not there."""
    if one.source == "status":
        return str(answer.status)
    if one.source == "header":
        return answer.header(one.at)
    if one.source == "body":
        return answer.text
    value = answer.at(one.at)
    if value is _ABSENT:
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _value(one: Assertion, answer: Answer) -> Any:
    if one.subject == "json":
        return answer.at(one.at)
    if one.subject == "header":
        value = answer.header(one.at)
        return _ABSENT if value is None else value
    return {"status": answer.status, "time": answer.took_ms, "body": answer.text}[one.subject]


def _holds(one: Assertion, value: Any) -> bool:
    wanted = one.value
    if one.operator == "exists":
        return (value is not _ABSENT) is (wanted is True)
    if value is _ABSENT:
        return one.operator in ("differs", "lacks")
    if one.subject == "status" and one.operator == "matches" and str(wanted).endswith("xx"):
        return str(value)[:1] == str(wanted)[:1]
    return _TESTS[one.operator](value, wanted)


def same(left: Any, right: Any) -> bool:
    """Whether two JSON values are equal: `1` and `1.0` are, `1` and `true` are not."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def type_of(value: Any) -> str:
    """The type of a JSON value."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, dict) else "array" if isinstance(value, list) else "number"


def _contains(value: Any, wanted: Any) -> bool:
    if isinstance(value, list):
        return any(same(each, wanted) for each in value)
    if isinstance(value, dict):
        return isinstance(wanted, str) and wanted in value
    return str(wanted) in str(value)


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _found(pattern: str, text: str) -> bool:
    """Whether a pattern is found. Its engine takes linear time and bounded memory, and knows no look-around."""
    try:
        return _matcher(pattern).is_valid(text)
    except ValueError:
        return False


@lru_cache(maxsize=256)
def _matcher(pattern: str) -> jsonschema_rs.Draft202012Validator:
    options = jsonschema_rs.RegexOptions(size_limit=_LARGEST_PATTERN, dfa_size_limit=_LARGEST_PATTERN)
    return jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=options)


def _beyond(value: Any, wanted: Any, compare: Callable[[float, float], bool]) -> bool:
    number = _number(value)
    return number is not None and compare(number, wanted)


_TESTS: Final[dict[Operator, Callable[[Any, Any], bool]]] = {
    "equals": same,
    "differs": lambda value, wanted: not same(value, wanted),
    "one-of": lambda value, wanted: any(same(value, each) for each in wanted),
    "matches": lambda value, wanted: _found(wanted, value if isinstance(value, str) else json.dumps(value)),
    "contains": _contains,
    "lacks": lambda value, wanted: not _contains(value, wanted),
    "above": lambda value, wanted: _beyond(value, wanted, operator.gt),
    "below": lambda value, wanted: _beyond(value, wanted, operator.lt),
    "type": lambda value, wanted: type_of(value) == wanted,
    "size": lambda value, wanted: isinstance(value, str | list | dict) and len(value) == wanted,
}


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "nothing is there"
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = "a value that cannot be shown"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."

"""Core functions: what each of them finds, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.governance.documents import found

CASES: list[tuple[str, Any, Any, bool]] = [
    ("truthy", None, "", True), ("truthy", None, [], False), ("falsy", None, 1, True), ("falsy", None, 0, False),
    ("defined", None, None, False), ("undefined", None, None, True),
    ("enumeration", {"values": ["a", 1]}, "b", True), ("enumeration", {"values": ["a", 1]}, 1, False),
    ("enumeration", {"values": [1]}, True, True), ("enumeration", {"values": [1]}, [2], False),
    ("length", {"min": 2}, "a", True), ("length", {"max": 2}, [1, 2, 3], True), ("length", {"max": 2}, {"a": 1}, False),
    ("length", {"min": 3}, 2, True), ("length", {"min": 3}, None, False),
    ("pattern", {"match": "^a"}, "b", True), ("pattern", {"match": "/^A/i"}, "a", False),
    ("pattern", {"notMatch": "b"}, "abc", True), ("pattern", {"match": "^a"}, 3, False),
    ("casing", {"type": "camel"}, "getBook", False), ("casing", {"type": "camel"}, "GetBook", True),
    ("casing", {"type": "camel", "disallowDigits": True}, "get2", True),
    ("casing", {"type": "pascal"}, "GetBook", False), ("casing", {"type": "pascal"}, "getBook", True),
    ("casing", {"type": "kebab"}, "get-book", False), ("casing", {"type": "kebab"}, "get--book", True),
    ("casing", {"type": "snake"}, "get_book", False), ("casing", {"type": "macro"}, "GET_BOOK", False),
    ("casing", {"type": "cobol"}, "GET-BOOK", False), ("casing", {"type": "flat"}, "getbook", False),
    ("casing", {"type": "flat"}, "get-book", True),
    ("casing", {"type": "pascal", "separator": {"char": "-"}}, "X-Rate-Limit", False),
    ("alphabetical", None, ["a", "b"], False), ("alphabetical", None, ["b", "a"], True),
    ("alphabetical", {"keyedBy": "n"}, [{"n": "b"}, {"n": "a"}], True), ("alphabetical", None, {"b": 1, "a": 2}, True),
    ("alphabetical", None, [2, 10], False), ("alphabetical", None, 7, False),
    ("xor", {"properties": ["a", "b"]}, {"a": 1, "b": 1}, True), ("xor", {"properties": ["a", "b"]}, {"a": 1}, False),
    ("xor", {"properties": ["a", "b"]}, {}, True), ("or", {"properties": ["a", "b"]}, {"a": 1, "b": 1}, False),
    ("or", {"properties": ["a", "b"]}, {"c": 1}, True),
    ("typedEnum", None, {"type": "string", "enum": ["a", 1]}, True),
    ("typedEnum", None, {"type": "integer", "enum": [1, 2.0]}, False),
    ("typedEnum", None, {"type": "string", "nullable": True, "enum": ["a", None]}, False),
    ("schema", {"schema": {"type": "integer"}}, "a", True), ("schema", {"schema": {"type": "integer"}}, 3, False),
    ("schema", {"schema": {"format": "date"}}, "no", True),
    ("uniqueItems", None, [1, 2, 1], True), ("uniqueItems", None, [1, True], False),
]  # fmt: skip


@pytest.mark.parametrize(("function", "options", "value", "wrong"), CASES)
def test_a_function_finds_what_it_is_for(tmp_path: Path, function: str, options: Any, value: Any, wrong: bool) -> None:
    then = {"function": function, "field": "value", **({"functionOptions": options} if options else {})}
    rule = {"given": "$", "then": then, "message": "{{error}}"}
    assert bool(found(tmp_path, {"mine": rule}, {"value": value})) is wrong


def test_what_is_kept_to_be_used_again_must_be_used(tmp_path: Path) -> None:
    options = {"reusableObjectsLocation": "#/definitions"}
    rule = {"given": "$.definitions", "then": {"function": "unreferencedReusableObject", "functionOptions": options}}
    document = {"definitions": {"a": {}, "b/c": {}}, "x": {"$ref": "#/definitions/a/deeper"}}
    assert [one.pointer for one in found(tmp_path, {"mine": rule}, document)] == ["/definitions/b~1c"]

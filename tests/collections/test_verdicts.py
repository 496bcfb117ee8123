"""Whether an answer is what was expected."""

from __future__ import annotations

import time
from typing import Any

import pytest

from yett.collections.model import Assertion
from yett.collections.verdicts import Answer, judge, same

ANSWER = Answer(
    201,
    (("content-type", "application/json"), ("x-a", "1")),
    b'{"id": 7, "name": "a book", "tags": ["x", "y"], "none": null, "yes": true, "price": 9.5}',
    40.0,
)


@pytest.mark.parametrize(
    ("one", "held"),
    [
        (Assertion("status", "equals", 201), True),
        (Assertion("status", "equals", 200), False),
        (Assertion("status", "matches", "2xx"), True),
        (Assertion("status", "matches", "4xx"), False),
        (Assertion("status", "one-of", [200, 201]), True),
        (Assertion("header", "equals", "1", "x-a"), True),
        (Assertion("header", "exists", False, "x-b"), True),
        (Assertion("header", "contains", "json", "content-type"), True),
        (Assertion("json", "equals", 7, "/id"), True),
        (Assertion("json", "equals", 7.0, "/id"), True),
        (Assertion("json", "equals", True, "/id"), False),
        (Assertion("json", "equals", "7", "/id"), False),
        (Assertion("json", "equals", None, "/none"), True),
        (Assertion("json", "equals", None, "/missing"), False),
        (Assertion("json", "differs", 1, "/missing"), True),
        (Assertion("json", "exists", True, "/none"), True),
        (Assertion("json", "exists", True, "/tags/2"), False),
        (Assertion("json", "contains", "x", "/tags"), True),
        (Assertion("json", "lacks", "z", "/tags"), True),
        (Assertion("json", "above", 9, "/price"), True),
        (Assertion("json", "below", 9, "/price"), False),
        (Assertion("json", "type", "array", "/tags"), True),
        (Assertion("json", "type", "number", "/yes"), False),
        (Assertion("json", "size", 2, "/tags"), True),
        (Assertion("json", "matches", "^a b", "/name"), True),
        (Assertion("body", "contains", "a book"), True),
        (Assertion("time", "below", 50), True),
        (Assertion("time", "below", 40), False),
        (Assertion("contract", "equals", True), False),
        (Assertion("contract", "equals", False), True),
    ],
    ids=str,
)
def test_an_assertion_holds_or_says_what_was_seen(one: Assertion, held: bool) -> None:
    checked = judge(one, ANSWER, lambda _answer: "it does not fit")
    assert checked.held is held
    assert bool(checked.seen) is not held


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_an_answer_that_is_no_json_fails_what_is_said_of_its_json(body: bytes) -> None:
    assert not judge(Assertion("json", "exists", True, "/a"), Answer(200, (), body), lambda _answer: None).held


@pytest.mark.parametrize("pattern", ["(a+)+$", "(", "a{99999999}", "((a{999}){999}){999}", "(?:x|xx|x)*y", "(?=a)b"])
def test_an_expression_that_takes_for_ever_or_is_none_fails_in_bounded_time(pattern: str) -> None:
    began = time.monotonic()
    answer = Answer(200, (), b"a" * 5_000 + b"x" * 5_000 + b"!")
    assert not judge(Assertion("body", "matches", pattern), answer, lambda _answer: None).held
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(("left", "right"), [({"a": [1]}, {"a": [1.0]}), ([], []), ("a", "a"), (None, None)])
def test_equal_values_are_the_same(left: Any, right: Any) -> None:
    assert same(left, right)


@pytest.mark.parametrize(("left", "right"), [(1, True), ([0], [False]), ({"a": 1}, {}), ("1", 1)])
def test_values_of_other_types_are_not(left: Any, right: Any) -> None:
    assert not same(left, right)

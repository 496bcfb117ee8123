"""Reads JSON (RFC 8259) with the fast parser of the standard library, which knows no lines.

A second pass over the tokens, run only on demand, finds lines and what the fast parser refused without saying where.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from yett.documents.limits import Limits
from yett.documents.problems import Problems, RefusedError
from yett.documents.scalars import OutOfRangeError, finite, integer, plain_scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yett.documents.places import Place

# Commas and colons are passed over: the text is known to be JSON, or refused anyway.
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]\n]|[^\s{}\[\],:"]+')
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_CONSTANTS = ("NaN", "Infinity", "-Infinity")


class _ObjectionError(Exception):
    """The fast parser met something that JSON allows and this reader refuses."""


def read_json(text: str, limits: Limits, problems: Problems) -> Any:
    """Return the value that `text` spells. Note what is wrong and raise `RefusedError`."""
    try:
        return _decode(text, limits)
    except json.JSONDecodeError as error:
        hint = "check the commas, quotes and brackets around this place"
        message = f"not valid JSON: {error.msg} (column {error.colno})"
        raise problems.stop(error.lineno, (), "syntax", message, hint) from None
    except (_ObjectionError, ValueError, RecursionError):
        _Scanner(text, limits, problems).scan()
        if problems.diagnostics:
            raise RefusedError from None
        raise problems.stop(0, (), "syntax", "not valid JSON", "check the brackets") from None


def _decode(text: str, limits: Limits) -> Any:
    value = json.loads(
        text, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=finite, parse_int=integer
    )
    _check_size(value, limits)
    if _SURROGATE.search(text):
        # A lone surrogate has no UTF-8 form: encoding raises a ValueError.
        json.dumps(value, ensure_ascii=False).encode()
    return value


def json_places(text: str) -> Place:
    """Return the places of a text that `read_json` has accepted."""
    return _Scanner(text, Limits(), Problems("")).scan()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _ObjectionError
    return value


def _refuse_constant(name: str) -> Any:
    raise _ObjectionError(name)


def _check_size(root: Any, limits: Limits) -> None:
    level = [root]
    nodes = depth = 0
    while level:
        nodes += len(level)
        containers = [item for item in level if item.__class__ is dict or item.__class__ is list]
        depth += bool(containers)
        if nodes > limits.max_nodes or depth > limits.max_depth:
            raise _ObjectionError
        level = [child for item in containers for child in (item.values() if item.__class__ is dict else item)]


class _Scanner:
    """Walks the tokens. `places` is the container being filled, `key` the key that waits for its value."""

    def __init__(self, text: str, limits: Limits, problems: Problems) -> None:
        self.text = text
        self.limits = limits
        self.problems = problems
        self.line = 1
        self.nodes = 0
        # Each entry: children, line of the container, and for a mapping the key in hand (None: a key comes next).
        self.stack: list[tuple[Any, int]] = []
        self.keys: list[str | None] = []
        self.key_lines: list[int] = []
        self.root: Place = (1, None)

    def scan(self) -> Place:
        for match in _TOKEN.finditer(self.text):
            lexeme = match.group()
            if lexeme == "\n":
                self.line += 1
            elif lexeme in "{[":
                self.open({} if lexeme == "{" else [])
            elif lexeme in "}]":
                self.close()
            else:
                self.leaf(lexeme)
        return self.root

    def path(self) -> Iterator[str | int]:
        for (children, _), key in zip(self.stack, self.keys, strict=True):
            if isinstance(children, list):
                yield len(children)
            elif key is not None:
                yield key

    def open(self, children: Any) -> None:
        if len(self.stack) >= self.limits.max_depth:
            message = f"objects and arrays are nested more than {self.limits.max_depth} deep"
            raise self.problems.stop(self.line, self.path(), "too-deep", message, "flatten the document")
        self.grow()
        self.stack.append((children, self.line))
        self.keys.append(None)
        self.key_lines.append(self.line)

    def close(self) -> None:
        if self.stack:
            children, line = self.stack.pop()
            self.keys.pop()
            self.key_lines.pop()
            self.add(line, children)

    def leaf(self, token: str) -> None:
        is_text = token[0] == '"'
        if self.stack and self.keys[-1] is None and self.stack[-1][0].__class__ is dict:
            self.take_key(self.text_of(token) if is_text else token)
            return
        self.grow()
        if is_text:
            self.text_of(token)
        else:
            self.check_number(token)
        self.add(self.line, None)

    def text_of(self, token: str) -> str:
        if "\\" not in token:
            return token[1:-1]
        text: str = json.loads(token)
        if not text.isascii() and text.encode(errors="replace") != text.encode(errors="ignore"):
            message = "the text holds half of a surrogate pair"
            hint = "write the character itself, or both halves of its \\u escape"
            self.problems.note(self.line, self.path(), "not-utf8", message, hint)
        return text

    def take_key(self, key: str) -> None:
        children = self.stack[-1][0]
        self.keys[-1] = key
        self.key_lines[-1] = self.line
        if key in children:
            self.problems.duplicate_key(self.line, children[key][0], self.path(), key)

    def check_number(self, token: str) -> None:
        if token in _CONSTANTS:
            hint = "JSON has no infinity and no NaN: leave the value out, or write it as text"
            self.problems.note(self.line, self.path(), "number-not-finite", f"{token} is not a finite number", hint)
            return
        try:
            plain_scalar(token)
        except OutOfRangeError:
            self.problems.number_out_of_range(self.line, self.path(), token)

    def add(self, line: int, children: Any) -> None:
        if not self.stack:
            self.root = (line, children)
            return
        siblings = self.stack[-1][0]
        key = self.keys[-1]
        if isinstance(siblings, list):
            siblings.append((line, children))
        elif key is not None:
            siblings[key] = (self.key_lines[-1], children)
            self.keys[-1] = None

    def grow(self) -> None:
        self.nodes += 1
        if self.nodes > self.limits.max_nodes:
            message = f"the document holds more than {self.limits.max_nodes} values"
            raise self.problems.stop(self.line, self.path(), "too-many-nodes", message, "split it into several files")

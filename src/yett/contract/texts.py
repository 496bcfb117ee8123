"""Makes a text that a translated pattern matches: the shortest of the first alternative, character by character."""

from __future__ import annotations

import re

MAX_REPEAT = 200

_QUANTIFIER = re.compile(r"(?:([*+?])|\{(\d+)(?:,\d*)?\})\??")
_CODE = re.compile(r"\\x([0-9A-F]{2})|\\u\{([0-9A-Fa-f]+)\}")
_CANDIDATES = "aA0 -_.~@\t"


class _Unknown(Exception):
    """The pattern uses something that is not sampled."""


def sample_text(pattern: str) -> str | None:
    """Return a text for a pattern that `translate_pattern` has made; `None` where none is found."""
    try:
        return _Sampling(pattern).alternatives()
    except (_Unknown, IndexError, RecursionError):
        return None


class _Sampling:
    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0

    def alternatives(self) -> str:
        first = self.sequence()
        while self.text.startswith("|", self.at):
            self.at += 1
            self.sequence()
        return first

    def sequence(self) -> str:
        out: list[str] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            out.append(self.repeated(self.atom()))
        return "".join(out)

    def repeated(self, atom: str) -> str:
        match = _QUANTIFIER.match(self.text, self.at)
        if match is None:
            return atom
        self.at = match.end()
        count = int(match[2]) if match[2] else int(match[1] == "+")
        if count > MAX_REPEAT:
            raise _Unknown
        return atom * count

    def atom(self) -> str:
        char = self.text[self.at]
        if char in "^$":
            self.at += 1
            return ""
        if char == "(":
            return self.group()
        if char == "[":
            return self.char_class()
        return self.character()

    def group(self) -> str:
        self.at += 1
        if self.text.startswith("?", self.at):
            if not self.text.startswith("?:", self.at):
                raise _Unknown
            self.at += 2
        inner = self.alternatives()
        self.at += 1
        return inner

    def character(self) -> str:
        char = self.text[self.at]
        if char != "\\":
            self.at += 1
            return char
        if match := _CODE.match(self.text, self.at):
            self.at = match.end()
            return chr(int(match[1] or match[2], 16))
        char = self.text[self.at + 1]
        if char.isalnum():
            raise _Unknown
        self.at += 2
        return char

    def char_class(self) -> str:
        self.at += 1
        negated = self.text[self.at] == "^"
        self.at += negated
        ranges: list[tuple[str, str]] = []
        while self.text[self.at] != "]":
            if self.text[self.at] == "[":
                raise _Unknown
            ranges.append(self.char_range())
        self.at += 1
        return _pick(ranges, negated=negated)

    def char_range(self) -> tuple[str, str]:
        low = self.character()
        if self.text[self.at] != "-":
            return low, low
        self.at += 1
        return low, self.character()


def _pick(ranges: list[tuple[str, str]], *, negated: bool) -> str:
    for char in _CANDIDATES:
        if any(low <= char <= high for low, high in ranges) is not negated:
            return char
    if negated or not ranges:
        raise _Unknown
    return ranges[0][0]

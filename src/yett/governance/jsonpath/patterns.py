"""Regular expressions as rulesets write them (ECMAScript), run so that none can take for ever."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import regex

_SECONDS: Final = 0.1
_MOST: Final = 2_000
_LITERAL: Final = re.compile(r"/(.+)/([a-z]*)", re.DOTALL)
_FLAGS: Final = {"i": regex.IGNORECASE, "m": regex.MULTILINE, "s": regex.DOTALL, "u": 0, "g": 0, "y": 0}


class PatternError(ValueError):
    """A pattern that cannot be read, or took too long; the message says which, and ends a sentence."""


class Pattern:
    """A compiled pattern. Raises `PatternError` when it is not one."""

    def __init__(self, source: str, flags: str = "") -> None:
        self.source = source
        try:
            options = sum(_FLAGS[flag] for flag in set(flags))
            self._compiled = regex.compile(_translate(source), options)
        except (regex.error, KeyError, OverflowError, RecursionError) as error:
            raise PatternError(f"the pattern {_short(source)} cannot be read: {error}") from None

    def search(self, text: str) -> bool:
        """Whether it matches anywhere in `text`. Raises `PatternError` when that takes too long."""
        try:
            return self._compiled.search(text, timeout=_SECONDS) is not None
        except TimeoutError:
            message = f"the pattern {_short(self.source)} takes too long on a text of {len(text)} characters"
            raise PatternError(message) from None


@lru_cache(maxsize=_MOST)
def pattern_of(text: str) -> Pattern:
    """The pattern written as `/source/flags`, or as its source alone."""
    literal = _LITERAL.fullmatch(text)
    return Pattern(literal[1], literal[2]) if literal else Pattern(text)


def _translate(source: str) -> str:
    """ECMAScript's `$` is the very end of the text, and `[^]` any character."""
    out, at, inside = [], 0, False
    while at < len(source):
        char = source[at]
        if char == "\\":
            out.append(source[at : at + 2])
            at += 2
            continue
        if char == "[" and not inside:
            if source.startswith("[^]", at):
                out.append(r"(?s:.)")
                at += 3
                continue
            inside = True
        elif char == "[" and inside:
            char = r"\["
        elif char == "]":
            inside = False
        elif char == "$" and not inside:
            char = r"\Z"
        out.append(char)
        at += 1
    return "".join(out)


def _short(source: str) -> str:
    return source if len(source) <= 60 else f"{source[:57]}..."

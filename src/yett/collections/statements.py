"""Splits a script into statements, as far as is needed to know the plain ones. Nothing is ever run."""

from __future__ import annotations

import re
from typing import Final

_OPEN: Final = {"(": ")", "[": "]", "{": "}"}
_CLOSE: Final = frozenset(_OPEN.values())
_QUOTES: Final = frozenset("'\"`")
_GOES_ON_AFTER: Final = frozenset(".,(=+-*/%&|?:<>![{")
_GOES_ON_BEFORE: Final = frozenset(".,)=+*/%&|?:<>]}")
LONGEST: Final = 200_000
"""Characters of a script that is looked at; a longer one is only kept."""


def without_comments(text: str) -> str:
    """The text without comments; what stands in quotes is untouched."""
    kept: list[str] = []
    index = 0
    while index < len(text):
        character = text[index]
        if character in _QUOTES:
            end = _end_of_quote(text, index)
            kept.append(text[index:end])
            index = end
        elif text.startswith("//", index):
            index = _find(text, "\n", index)
        elif text.startswith("/*", index):
            index = _find(text, "*/", index) + 2
            kept.append(" ")
        else:
            kept.append(character)
            index += 1
    return "".join(kept)


def _find(text: str, what: str, index: int) -> int:
    found = text.find(what, index)
    return len(text) if found < 0 else found


def _end_of_quote(text: str, index: int) -> int:
    quote = text[index]
    index += 1
    while index < len(text) and text[index] != quote:
        index += 2 if text[index] == "\\" else 1
    return min(index + 1, len(text))


def split_statements(text: str) -> list[str]:
    """The statements of a script without comments. Brackets that do not close leave one long statement."""
    found: list[str] = []
    expected: list[str] = []
    start = index = 0
    while index < len(text):
        character = text[index]
        if character in _QUOTES:
            index = _end_of_quote(text, index)
            continue
        if character in _OPEN:
            expected.append(_OPEN[character])
        elif character in _CLOSE and expected and expected[-1] == character:
            expected.pop()
        elif not expected and (character == ";" or (character == "\n" and _ends(text, start, index))):
            found.append(text[start:index])
            start = index + 1
        index += 1
    found.append(text[start:])
    return [one for one in (part.strip() for part in found) if one]


def _ends(text: str, start: int, index: int) -> bool:
    """Whether a statement ends with the line: what is left and right of it does not go on."""
    before, after = text[max(start, index - 200) : index].rstrip(), text[index : index + 200].lstrip()
    return bool(before) and before[-1] not in _GOES_ON_AFTER and (not after or after[0] not in _GOES_ON_BEFORE)


_TEST: Final = re.compile(
    r"""(?:pm\.|insomnia\.)?test\(\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`)\s*,\s*(?:async\s+)?"""
    r"""(?:function\s{0,9}\w{0,60}\s{0,9}\(\s{0,9}\w{0,60}\s{0,9}\)|\(\s{0,9}\w{0,60}\s{0,9}\)\s{0,9}=>)\s*(.*)\)\s*""",
    re.DOTALL,
)


def body_of_test(statement: str) -> str | None:
    """What is inside of `test("name", function () { ... })`; `None` of other statements."""
    found = _TEST.fullmatch(statement)
    if found is None:
        return None
    body = found[1].strip()
    return body[1:-1] if body.startswith("{") and body.endswith("}") else body

"""Values of files that anybody may have written: every surprise is a diagnostic, none an exception."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from yett.access.keys import mask_keys
from yett.documents import join_pointer
from yett.model.diagnostic import Diagnostic, Severity

if TYPE_CHECKING:
    from yett.documents import Document

_MOST_OF_A_KIND: Final = 50
"""Diagnostics of one code; the others are counted."""


_METHOD: Final = re.compile(r"[A-Z0-9!#$%&'*+.^_`|~-]{1,40}")


class Notes:
    """Collects what is told of one import: at most so many of each kind, and how many more there were."""

    def __init__(self) -> None:
        self._found: list[Diagnostic] = []
        self._counts: Counter[str] = Counter()

    def add(self, diagnostic: Diagnostic) -> None:
        """Take one."""
        self._counts[diagnostic.code] += 1
        if self._counts[diagnostic.code] <= _MOST_OF_A_KIND:
            self._found.append(diagnostic)

    def all(self) -> tuple[Diagnostic, ...]:
        """What was taken, in the order of the file, with a last word on what was too much."""
        more = [
            Diagnostic("", 0, "", "more-mistakes", f"{number - _MOST_OF_A_KIND:,} more of {code}", severity="warning")
            for code, number in self._counts.items()
            if number > _MOST_OF_A_KIND
        ]
        return (*self._found, *more)


class Spot:
    """A value of a document with its place. It answers with the type that is asked for, whatever it is."""

    __slots__ = ("document", "notes", "parts", "value")

    def __init__(self, document: Document, notes: Notes, value: Any, parts: tuple[str | int, ...] = ()) -> None:
        self.document, self.notes, self.value, self.parts = document, notes, value, parts

    def __truediv__(self, key: str | int) -> Spot:
        value = self.value.get(key) if isinstance(self.value, dict) else None
        if isinstance(self.value, list) and isinstance(key, int) and 0 <= key < len(self.value):
            value = self.value[key]
        return Spot(self.document, self.notes, value, (*self.parts, key))

    def note(self, code: str, message: str, hint: str = "", severity: Severity = "warning") -> None:
        """Tell something of this place."""
        pointer = mask_keys(join_pointer(self.parts))[:300]
        line = self.document.line_at(self.parts)
        self.notes.add(Diagnostic(self.document.file, line, pointer, code, mask_keys(message), hint, severity))

    def wrong(self, expected: str) -> None:
        """Tell that another type stands here; nothing where nothing does."""
        if self.value is not None:
            self.note("wrong-type", f"expected {expected}, found {_kind_of(self.value)}", "it was left out")

    def text(self, default: str = "") -> str:
        """A text; numbers and booleans as JSON spells them."""
        if isinstance(self.value, str):
            return self.value
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        if isinstance(self.value, int | float):
            return str(self.value)
        self.wrong("text")
        return default

    def flag(self, default: bool = False) -> bool:
        """A boolean."""
        if isinstance(self.value, bool):
            return self.value
        self.wrong("`true` or `false`")
        return default

    def number(self, default: int = 0) -> int:
        """A whole number."""
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return self.value
        self.wrong("a whole number")
        return default

    def items(self) -> Iterator[Spot]:
        """The entries of a list; none of anything else."""
        if not isinstance(self.value, list):
            self.wrong("a list")
            return
        for index, one in enumerate(self.value):
            yield Spot(self.document, self.notes, one, (*self.parts, index))

    def objects(self) -> Iterator[Spot]:
        """The mappings in a list; others are told."""
        for one in self.items():
            if isinstance(one.value, dict):
                yield one
            else:
                one.note("wrong-type", f"expected a mapping, found {_kind_of(one.value)}", "it was left out")

    def entries(self) -> Iterator[tuple[str, Spot]]:
        """The entries of a mapping; none of anything else."""
        if not isinstance(self.value, dict):
            self.wrong("a mapping")
            return
        for key in self.value:
            yield str(key), self / key

    def has(self, key: str) -> bool:
        """Whether something stands under `key`."""
        return isinstance(self.value, dict) and self.value.get(key) not in (None, "", [], {})

    def method(self) -> str:
        """A method of HTTP, in upper case; `GET` where it is none."""
        text = self.text("GET").strip().upper() or "GET"
        if _METHOD.fullmatch(text):
            return text
        self.note("method-invalid", "this is no method of HTTP: GET was taken", "write a method such as POST")
        return "GET"

    def lost(self, *known: str, silent: tuple[str, ...] = ()) -> None:
        """Tell every key that is not known, and holds something: the model has no place for it."""
        for key, spot in self.entries():
            if key not in known and key not in silent and self.has(key):
                spot.note("not-kept", f"`{key[:60]}` has no place in a collection here and was left out")


def _kind_of(value: object) -> str:
    names = {dict: "a mapping", list: "a list", str: "text", bool: "`true` or `false`", int: "a number"}
    return names.get(type(value), "a number" if isinstance(value, float) else "nothing")

"""Collects the diagnostics of one document while it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yett.documents.pointer import join_pointer
from yett.model.diagnostic import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_DIAGNOSTICS = 100


class RefusedError(Exception):
    """Reading cannot go on; what is wrong has been noted."""


class Problems:
    """The diagnostics found so far. Once there are `MAX_DIAGNOSTICS` of them, reading stops."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.diagnostics: list[Diagnostic] = []

    def note(self, line: int, path: Iterable[str | int], code: str, message: str, hint: str = "") -> None:
        """Add one; raises `RefusedError` when there are too many to go on."""
        self.diagnostics.append(Diagnostic(self.file, line, join_pointer(path), code, message, hint))
        if len(self.diagnostics) >= MAX_DIAGNOSTICS:
            raise RefusedError

    def stop(self, line: int, path: Iterable[str | int], code: str, message: str, hint: str = "") -> RefusedError:
        """Add one and return the exception to raise."""
        self.diagnostics.append(Diagnostic(self.file, line, join_pointer(path), code, message, hint))
        return RefusedError()

    def duplicate_key(self, line: int, first_line: int, path: Iterable[str | int], key: str) -> None:
        """Note that `key` at `line` already stands at `first_line`."""
        message = f"the key {shorten(key)!r} is already there, in line {first_line}"
        self.note(line, path, "duplicate-key", message, "keep one of the two: readers disagree about which one counts")

    def number_out_of_range(self, line: int, path: Iterable[str | int], text: str) -> None:
        """Note a number that no 64-bit reader can hold."""
        hint = "write it as text, or as a number that a double can hold"
        self.note(line, path, "number-out-of-range", f"the number {shorten(text)} is out of range", hint)


def shorten(text: str, length: int = 60) -> str:
    """`text`, cut so that a message stays readable whatever the document holds."""
    return text if len(text) <= length else text[: length - 3] + "..."

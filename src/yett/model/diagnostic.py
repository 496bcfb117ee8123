"""A mistake in what somebody wrote: data, not an exception, and always all of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake, where it stands and how to mend it.

    `file` is the path as the user named it; `line` counts from 1, and 0 means that no line can be named; `pointer` is
    the JSON pointer (RFC 6901) of the value at fault; `code` is a stable kebab-case slug.
    """

    file: str
    line: int
    pointer: str
    code: str
    message: str
    hint: str = ""
    severity: Severity = "error"

    @property
    def place(self) -> str:
        """`file:line`, or the file alone where no line can be named."""
        return f"{self.file}:{self.line}" if self.line else self.file


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """By place, and each once: the same mistake at the same place may be found in more than one way."""
    unique = {(one.file, one.line, one.pointer, one.code): one for one in diagnostics}
    return tuple(unique[key] for key in sorted(unique))


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any of them is more than a warning."""
    return any(one.severity == "error" for one in diagnostics)

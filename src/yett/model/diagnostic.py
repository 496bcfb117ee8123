"""A mistake in what somebody wrote: data, not an exception, and always all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

Severity = Literal["error", "warning"]


MOST_DIAGNOSTICS: Final = 500


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake, where it stands and how to mend it.

    `file` is the path as the user named it; `line` counts from 1, and 0 means that no line can be named; `pointer` is
    the JSON pointer (RFC 6901) of the value at fault; `code` is a stable kebab-case slug; `column` counts characters
    from 1, and 0 means that none can be named.
    """

    file: str
    line: int
    pointer: str
    code: str
    message: str
    hint: str = ""
    severity: Severity = "error"
    column: int = 0

    @property
    def place(self) -> str:
        """`file:line:column`, as much of it as can be named."""
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """By place, and each once: the same mistake at the same place may be found in more than one way."""
    unique = {(one.file, one.line, one.column, one.pointer, one.code): one for one in diagnostics}
    return tuple(unique[key] for key in sorted(unique))


def first_of(diagnostics: Iterable[Diagnostic], most: int = MOST_DIAGNOSTICS) -> Iterator[Diagnostic]:
    """The first `most` of them and, where there are more, one that says so.

    What makes diagnostics lazily is then not asked for the rest: a mistake repeated in a large file stays cheap.
    """
    for number, one in enumerate(diagnostics):
        if number == most:
            message = "there are more mistakes of this kind than are shown"
            yield replace(one, code="more-mistakes", message=message, hint="mend those that are shown first")
            return
        yield one


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any of them is more than a warning."""
    return any(one.severity == "error" for one in diagnostics)

"""Where something was written, so that whatever is wrong with it can say so."""

from __future__ import annotations

from dataclasses import dataclass, field

from yett.model.diagnostic import Diagnostic, Severity


@dataclass(frozen=True, slots=True)
class Place:
    """A file as the user named it, a line counted from 1 (0: none), and a JSON pointer (RFC 6901) into the file."""

    file: str = ""
    line: int = 0
    pointer: str = ""

    def diagnostic(self, code: str, message: str, *, hint: str = "", severity: Severity = "error") -> Diagnostic:
        """A diagnostic that stands here."""
        return Diagnostic(self.file, self.line, self.pointer, code, message, hint, severity)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


NOWHERE = Place()
"""For what no file holds, such as a default."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The name of something defined elsewhere, and where it is named."""

    name: str
    place: Place = field(default=NOWHERE, compare=False, repr=False)

"""A spot in a ruleset that is being read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yett.documents import join_pointer
from yett.model.diagnostic import Diagnostic, Severity

if TYPE_CHECKING:
    from yett.documents import Document


@dataclass(frozen=True, slots=True)
class At:
    """A place in the file of a ruleset, from which its mistakes are told."""

    document: Document
    path: tuple[str | int, ...]

    def below(self, key: str | int) -> At:
        """The place under a key."""
        return At(self.document, (*self.path, key))

    def diagnostic(self, code: str, message: str, hint: str, severity: Severity = "error") -> Diagnostic:
        """A mistake that stands here."""
        pointer = join_pointer(self.path)
        return Diagnostic(self.document.file, self.document.line(pointer), pointer, code, message, hint, severity)

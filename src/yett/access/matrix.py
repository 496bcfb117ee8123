"""The authorization matrix: every principal by every operation."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from yett.access.moments import written
from yett.access.principals import callers
from yett.access.spans import ANYONE, windows

if TYPE_CHECKING:
    from yett.access.effective import Access
    from yett.model.access import Window
    from yett.model.configuration import Configuration

State = Literal["allowed", "public", "denied", "none"]


@dataclass(frozen=True, slots=True)
class Cell:
    """Whether somebody may call something now; `changes_at` is the Unix second at which that ends or begins."""

    state: State
    changes_at: int | None = None

    @property
    def allowed(self) -> bool:
        """Whether a request gets past authorization."""
        return self.state in ("allowed", "public")

    def __str__(self) -> str:
        if self.changes_at is not None:
            return f"{'until' if self.allowed else 'from'} {written(self.changes_at)}"
        return _WORDS[self.state]


_WORDS: Final[Mapping[State, str]] = {"allowed": "yes", "public": "public", "denied": "denied", "none": ""}


@dataclass(frozen=True, slots=True)
class Matrix:
    """Cells by principal and operation. The first principal is anyone, who shows no credential."""

    principals: tuple[str, ...]
    operations: tuple[str, ...]
    cells: Mapping[tuple[str, str], Cell]

    def rows(self) -> list[list[str]]:
        """A head, and a row for each operation."""
        head = ["operation", *self.principals]
        return [head, *([one, *(str(self.cells[who, one]) for who in self.principals)] for one in self.operations)]

    def as_csv(self) -> str:
        """As a table for spreadsheets (RFC 4180)."""
        text = io.StringIO()
        csv.writer(text).writerows(self.rows())
        return text.getvalue()

    def as_markdown(self) -> str:
        """As a table for pages."""
        head, *rows = self.rows()
        lines = [head, ["---"] * len(head), *rows]
        return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def matrix(
    configuration: Configuration, access: Access, operations: Sequence[str], public: Collection[str], now: int
) -> Matrix:
    """The matrix at a Unix second."""
    cells = {(ANYONE, one): Cell("public" if one in public else "none") for one in operations}
    principals = callers(configuration)
    for principal in principals:
        when = windows(access, principal, now)
        verdicts = access.at(principal, now)
        for one in operations:
            denied = one in verdicts and bool(verdicts[one].denies)
            cells[str(principal), one] = _cell(one in public, denied, when.get(one, ()))
    return Matrix((ANYONE, *map(str, principals)), tuple(operations), cells)


def _cell(public: bool, denied: bool, when: tuple[Window, ...]) -> Cell:
    if public:
        return Cell("public")
    if not when:
        return Cell("denied" if denied else "none")
    first = when[0]
    if first.since is None:
        return Cell("allowed", first.until)
    return Cell("denied" if denied else "none", first.since)

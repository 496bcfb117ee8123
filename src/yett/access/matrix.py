"""The authorization matrix: every principal by every operation."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from yett.access.effective import Verdict
from yett.access.moments import written
from yett.access.principals import ANYONE, callers, without_credential
from yett.access.spans import windows

if TYPE_CHECKING:
    from yett.access.effective import Access
    from yett.access.principals import Principal
    from yett.model.access import Window
    from yett.model.configuration import Configuration

State = Literal["allowed", "public", "denied", "none"]


@dataclass(frozen=True, slots=True)
class Cell:
    """Whether somebody may call something now; `changes_at` is the Unix second at which that ends or begins.

    `conditions` names the policies that may refuse it for what a request says.
    """

    state: State
    changes_at: int | None = None
    conditions: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether a request gets past authorization."""
        return self.state in ("allowed", "public")

    def __str__(self) -> str:
        under = f"under {', '.join(self.conditions)}" if self.conditions and self.state != "denied" else ""
        if self.changes_at is not None:
            return f"{'until' if self.allowed else 'from'} {written(self.changes_at)} {under}".rstrip()
        if not self.allowed:
            return _WORDS[self.state]
        return f"{'public ' if self.state == 'public' else ''}{under}" if under else _WORDS[self.state]


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
    principals = callers(configuration)
    cells: dict[tuple[str, str], Cell] = {}
    for api, nobody in without_credential(configuration).items():
        own = [one for one in operations if one.partition(":")[0] == api]
        cells |= {(ANYONE, one): cell for one, cell in _cells(access, nobody, own, public, now)}
    for principal in principals:
        cells |= {(str(principal), one): cell for one, cell in _cells(access, principal, operations, public, now)}
    return Matrix((ANYONE, *map(str, principals)), tuple(operations), cells)


def _cells(
    access: Access, principal: Principal, operations: Sequence[str], public: Collection[str], now: int
) -> Iterator[tuple[str, Cell]]:
    when, verdicts = windows(access, principal, now), access.at(principal, now)
    return ((one, _cell(one in public, verdicts.get(one), when.get(one, ()))) for one in operations)


def _cell(public: bool, verdict: Verdict | None, when: tuple[Window, ...]) -> Cell:
    verdict = verdict or Verdict()
    if public:
        return Cell("denied") if verdict.forbidden else Cell("public", conditions=verdict.conditions)
    refused: State = "denied" if verdict.denies and (verdict.grants or not _by_policy_alone(verdict)) else "none"
    if not when:
        return Cell(refused)
    first = when[0]
    if first.since is None:
        return Cell("allowed", first.until, verdict.conditions)
    return Cell(refused, first.since)


def _by_policy_alone(verdict: Verdict) -> bool:
    """Whether nothing but policies denies it: where nothing is granted either, that is not worth telling."""
    return all(one.by_policy for one in verdict.denies)

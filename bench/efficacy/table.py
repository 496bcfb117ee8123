"""The figures as Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.efficacy.corpora import Set


@dataclass(frozen=True)
class Row:
    """Shares of a set that were refused: by place, and over the parameters of a list without and with its contract."""

    set: Set
    places: Mapping[str, float]
    without_contract: float | None
    with_contract: float | None


def table(rows: Sequence[Row]) -> str:
    """Attacks, then what means no harm, each with all that is known of it."""
    return "\n".join(
        [*_attacks([row for row in rows if row.set.attack]), "", *_ordinary([r for r in rows if not r.set.attack])]
    )


def _attacks(rows: Sequence[Row]) -> list[str]:
    lines = [
        "| attacks | values | caught in query / form / JSON | list | list, contract | CRS PL1 / PL2 / PL3 |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {row.set.name} | {len(row.set.values)} | {_shares(row)} | {_percent(row.without_contract)} "
        f"| {_percent(row.with_contract)} | {_reference(row)} |"
        for row in rows
    ]
    return lines


def _ordinary(rows: Sequence[Row]) -> list[str]:
    lines = [
        "| without harm | values | stopped in query / form / JSON | CRS PL1 / PL2 / PL3 |",
        "| --- | ---: | ---: | ---: |",
    ]
    lines += [f"| {row.set.name} | {len(row.set.values)} | {_shares(row)} | {_reference(row)} |" for row in rows]
    return lines


def _shares(row: Row) -> str:
    return " / ".join(_percent(share) for share in row.places.values())


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def _reference(row: Row) -> str:
    return " / ".join(f"{one:.1f}" for one in row.set.reference) if row.set.reference else ""

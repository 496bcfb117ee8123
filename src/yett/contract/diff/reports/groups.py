"""Changes in the order in which they are read: the worst first, by operation, what is shared told once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yett.contract.diff.kinds import SEVERITIES, Severity

if TYPE_CHECKING:
    from yett.contract.diff.change import Change, Comparison

TITLES: Final[dict[Severity, str]] = {
    "breaking": "Breaks callers",
    "potential": "May break callers",
    "safe": "Breaks nobody",
}
MOST_OPERATIONS: Final = 5


def by_severity(comparison: Comparison) -> list[tuple[Severity, dict[str, list[Change]]]]:
    """For each severity that occurs: changes by the operations they show in."""
    grouped: list[tuple[Severity, dict[str, list[Change]]]] = []
    for severity in SEVERITIES:
        by_operation: dict[str, list[Change]] = {}
        for change in comparison.changes:
            if change.severity == severity:
                by_operation.setdefault(operations_of(change), []).append(change)
        if by_operation:
            grouped.append((severity, by_operation))
    return grouped


def operations_of(change: Change) -> str:
    """The operations of a change in a line; where there are many, the first of them and how many more."""
    names = change.operations
    if not names:
        return "the whole API"
    more = len(names) - MOST_OPERATIONS
    return ", ".join(names[:MOST_OPERATIONS]) + (f" and {more} more" if more > 0 else "")


def summary(comparison: Comparison) -> str:
    """How many changes there are, in a line."""
    counts = comparison.counts
    if not comparison.changes:
        return "nothing has changed"
    told = [f"{counts[severity]} {word}" for severity, word in zip(SEVERITIES, _WORDS, strict=True) if counts[severity]]
    return ", ".join(told)


_WORDS: Final = ("that break callers", "that may break callers", "that break nobody")

"""Unix seconds and windows as one writes them (RFC 3339)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yett.model.access import Window


def written(second: int) -> str:
    """A Unix second as a date where it is a midnight in UTC, else as a date with time."""
    try:
        moment = datetime.fromtimestamp(second, UTC)
    except (OverflowError, OSError, ValueError):
        return str(second)
    if (moment.hour, moment.minute, moment.second) == (0, 0, 0):
        return moment.date().isoformat()
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def spoken(window: Window) -> str:
    """`from 2027-01-01 until 2027-02-01`; empty for ever."""
    parts = [f"from {written(window.since)}"] if window.since is not None else []
    parts += [f"until {written(window.until)}"] if window.until is not None else []
    return " ".join(parts)

"""Limits of the snapshot, each with a name of its own."""

from __future__ import annotations

import re
from typing import Any

from yett.model.limit import Concurrent, Limit, Quota, Rate


class LimitNames:
    """Hands out names, none of them twice: `profile-reader-0`."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def name(self, *words: str) -> str:
        """The words joined to a kebab-case name, with a number behind it where it is taken."""
        base = re.sub(r"[^a-z0-9]+", "-", "-".join(words).lower()).strip("-")
        name, number = base, 2
        while name in self._taken:
            name, number = f"{base}-{number}", number + 1
        self._taken.add(name)
        return name


def compile_limits(limits: tuple[Limit, ...], names: LimitNames, *owner: str) -> list[dict[str, Any]]:
    """`Limit` of the snapshot, one a limit; `owner` says whose they are: `"profile", "reader"`."""
    return [
        {"name": names.name(*owner, str(index)), "by": limit.by, "measure": _measure(limit.measure)}
        for index, limit in enumerate(limits)
    ]


def _measure(measure: Rate | Quota | Concurrent) -> dict[str, Any]:
    match measure:
        case Rate(amount, period_ms, burst):
            return {"kind": "rate", "amount": amount, "period_ms": period_ms, "burst": burst}
        case Quota(amount, period):
            return {"kind": "quota", "amount": amount, "period": period}
        case Concurrent(amount):
            return {"kind": "concurrent", "amount": amount}

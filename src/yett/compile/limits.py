"""Limits of the snapshot, each with a name of its own."""

from __future__ import annotations

import re
from typing import Any, Final

from yett.model.limit import Concurrent, Limit, Quota, Rate

_PERIODS: Final = {1_000: "second", 60_000: "minute", 3_600_000: "hour", 86_400_000: "day"}
_PLAIN_SUBJECT: Final = "app"


class LimitNames:
    """Hands out names, none of them twice: `profile-reader-requests-per-minute`."""

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
    """`Limit` of the snapshot, one a limit; `owner` says whose they are: `"profile", "reader"`.

    A counter belongs to its limit's name. So the name says what is counted and for whom, and nothing of its place in
    the list or of its amount: an edit beside it never starts a counter afresh.
    """
    return [
        {"name": names.name(*owner, *_words(limit)), "by": limit.by, "measure": _measure(limit.measure)}
        for limit in limits
    ]


def _words(limit: Limit) -> list[str]:
    words = [_kind(limit.measure)]
    if limit.by != _PLAIN_SUBJECT:
        words.append(f"by-{limit.by}")
    return words


def _kind(measure: Rate | Quota | Concurrent) -> str:
    match measure:
        case Rate(_, period_ms, _):
            return f"requests-per-{_PERIODS.get(period_ms) or f'{period_ms}-ms'}"
        case Quota(_, period):
            return f"quota-per-{period}"
        case Concurrent():
            return "concurrent"


def _measure(measure: Rate | Quota | Concurrent) -> dict[str, Any]:
    match measure:
        case Rate(amount, period_ms, burst):
            return {"kind": "rate", "amount": amount, "period_ms": period_ms, "burst": burst}
        case Quota(amount, period):
            return {"kind": "quota", "amount": amount, "period": period}
        case Concurrent(amount):
            return {"kind": "concurrent", "amount": amount}

"""Limits: how much, and per whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from yett.model.place import NOWHERE, Place

Subject = Literal["app", "address", "all"]
"""What a counter belongs to: one for each app, one for each client address, or one for everybody."""

Period = Literal["hour", "day", "week", "month"]
"""A calendar period in UTC."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`amount` units per `period_ms` milliseconds, refilled steadily; `burst` units may be spent at once."""

    amount: int
    period_ms: int
    burst: int


@dataclass(frozen=True, slots=True)
class Quota:
    """`amount` units per calendar period in UTC."""

    amount: int
    period: Period


@dataclass(frozen=True, slots=True)
class Concurrent:
    """`amount` requests at the same time."""

    amount: int


@dataclass(frozen=True, slots=True)
class Limit:
    """A measure, counted for each subject."""

    measure: Rate | Quota | Concurrent
    by: Subject
    place: Place = field(default=NOWHERE, compare=False, repr=False)


DEFAULT_GATEWAY_LIMITS = (
    Limit(Rate(amount=1_000, period_ms=1_000, burst=2_000), "address"),
    Limit(Concurrent(amount=1_024), "address"),
)
"""What `gateway.limits` is when it is not written: generous for one address, yet an end to floods. `[]` lifts it."""

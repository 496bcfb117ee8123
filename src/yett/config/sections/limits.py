"""Limits: a rate, a quota or a number of requests at the same time."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from yett.config.sections.base import At, Shape, key_of
from yett.model.limit import Concurrent, Limit, Quota, Rate, Subject

_PERIOD_MS = {"second": 1_000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000}
_KINDS = {"requests": "<rate>", "quota": "<quota>", "concurrent": "<concurrent>"}
_Amount = Annotated[int, Field(ge=1, le=1_000_000_000_000)]


class RateShape(Shape):
    """So many requests per period, refilled steadily."""

    requests: _Amount
    """Requests (more exactly: units of cost) per period."""
    per: Literal["second", "minute", "hour", "day"]
    """The period."""
    burst: _Amount | None = None
    """Requests that may come at once; absent means a whole period's."""
    by: Subject = "app"
    """One counter for each app (without one: each address), for each address, or for all callers."""


class QuotaShape(Shape):
    """So many requests per calendar period in UTC."""

    quota: _Amount
    """Requests (more exactly: units of cost) per period."""
    per: Literal["hour", "day", "week", "month"]
    """The calendar period; weeks start on Monday."""
    by: Subject = "app"
    """One counter for each app (without one: each address), for each address, or for all callers."""


class ConcurrentShape(Shape):
    """So many requests at the same time."""

    concurrent: _Amount
    """Requests at the same time."""
    by: Subject = "app"
    """One counter for each app (without one: each address), for each address, or for all callers."""


LimitShape = Annotated[
    Annotated[RateShape, Tag("<rate>")]
    | Annotated[QuotaShape, Tag("<quota>")]
    | Annotated[ConcurrentShape, Tag("<concurrent>")],
    Discriminator(
        lambda value: key_of(value, _KINDS),
        custom_error_type="limit-unclear",
        custom_error_message="a limit has one of `requests`, `quota` and `concurrent`",
    ),
]
"""One limit."""


def build_limits(shapes: list[LimitShape], at: At) -> tuple[Limit, ...]:
    """The limits of the list that stands at `at`."""
    return tuple(_build(shape, at / index) for index, shape in enumerate(shapes))


def _build(shape: LimitShape, at: At) -> Limit:
    measure: Rate | Quota | Concurrent
    match shape:
        case RateShape():
            measure = Rate(shape.requests, _PERIOD_MS[shape.per], shape.burst or shape.requests)
        case QuotaShape():
            measure = Quota(shape.quota, shape.per)
        case ConcurrentShape():
            measure = Concurrent(shape.concurrent)
    return Limit(measure, shape.by, at.place)

"""Versions of an API beside one another, and how operations are retired. Times are Unix seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from yett.model.place import NOWHERE, Place

VersionField = Literal["header", "query", "media-type"]
"""Where a request says which version it is for, where the path does not."""


@dataclass(frozen=True, slots=True)
class PlacedAt:
    """A header field, a query parameter, or a parameter of media types, by its name."""

    kind: VersionField
    name: str


@dataclass(frozen=True, slots=True)
class Version:
    """Which version of what an API is. With `at` of `None` the base path tells it."""

    of: str
    name: str
    at: PlacedAt | None = None
    default: bool = False
    fallback: bool = False
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Brownout:
    """From the second `since` until before the second `until`."""

    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Retirement:
    """How an operation goes: callers are told, then warned, then refused."""

    deprecated_at: int | None = None
    sunset_at: int | None = None
    guide: str | None = None
    brownouts: tuple[Brownout, ...] = ()

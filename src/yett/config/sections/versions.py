"""`version` and `retire` of APIs: several versions beside one another, and the end of old ones."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from yett.config.sections.base import At, Shape
from yett.config.sections.scalars import HeaderName, Moment, Name, Url
from yett.model.version import Brownout, PlacedAt, Retirement, Version, VersionField

Word = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""A version, or the name of a parameter."""


class PlacedAtShape(Shape):
    """Where a request says which version it is for: one of these."""

    header: HeaderName | None = None
    """The header field."""
    query: Word | None = None
    """The query parameter."""
    media_type: Word | None = None
    """The parameter of the media types in `Accept` or `Content-Type`: `application/json; version=2`."""


class ApiVersionShape(Shape):
    """Which version of what an API is."""

    of: Name
    """What the versions have in common: a name that they all say."""
    name: Annotated[Word, Field(alias="is")]
    """This version, as requests say it: `"2"`, `2026-01`."""
    at: Annotated[PlacedAtShape | None, Field(alias="in")] = None
    """Where requests say it; absent means that the base path does. Versions with the same hosts and base path say it in
    the same place."""
    default: bool = False
    """Whether requests that say no version are for this one; without a default they are refused."""
    fallback: bool = False
    """Whether requests for a version that there is not are for this one, which is the default, too."""


class BrownoutShape(Shape):
    """A while in which the operation is refused."""

    from_: Moment = Field(alias="from")
    """Date with time at which it begins."""
    until: Moment
    """Date with time at which it is over."""


class RetireShape(Shape):
    """How an operation, or all of an API, goes."""

    deprecated: Moment | None = None
    """Date from which callers are told to leave, in `Deprecation` (RFC 9745)."""
    sunset: Moment | None = None
    """Date from which it is refused with 410, told before in `Sunset` (RFC 8594)."""
    guide: Url | None = None
    """Page that says what takes its place, told in `Link`."""
    brownouts: list[BrownoutShape] = Field(default_factory=list, max_length=100)
    """When it is refused for a while, so that whoever still calls it notices before the end."""


def build_version(shape: ApiVersionShape | None, at: At) -> Version | None:
    """The version that stands at `at`."""
    if shape is None:
        return None
    if shape.fallback and not shape.default:
        (at / "fallback").report(
            "version-fallback", "only the default takes what other versions do not", "add `default: true`"
        )
    if shape.at is None and (shape.default or shape.fallback):
        at.report("version-default", "a version that the base path tells is no default", "say `in`, where requests do")
    return Version(
        shape.of, shape.name, _build_place(shape.at, at / "in"), shape.default, shape.fallback, place=at.place
    )


def _build_place(shape: PlacedAtShape | None, at: At) -> PlacedAt | None:
    if shape is None:
        return None
    kinds: tuple[tuple[VersionField, str | None], ...] = (
        ("header", shape.header),
        ("query", shape.query),
        ("media-type", shape.media_type),
    )
    said = [PlacedAt(kind, name) for kind, name in kinds if name is not None]
    if len(said) != 1:
        at.report("version-place", "a version is said in one place", "write one of `header`, `query`, `media_type`")
        return None
    return said[0]


def build_retirement(shape: RetireShape | None, at: At) -> Retirement | None:
    """The retirement that stands at `at`, its order in time checked."""
    if shape is None:
        return None
    if shape.deprecated is not None and shape.sunset is not None and shape.sunset <= shape.deprecated:
        (at / "sunset").report("sunset-early", "the sunset is not after the deprecation", "give callers time to leave")
    for index, brownout in enumerate(shape.brownouts):
        spot = at / "brownouts" / index
        if brownout.until <= brownout.from_:
            spot.report("window-empty", "`until` is not after `from`, so this never holds")
        elif shape.sunset is not None and brownout.until > shape.sunset:
            spot.report("brownout-late", "the brownout ends after the sunset", "a brownout warns of the end before it")
    brownouts = tuple(Brownout(one.from_, one.until) for one in shape.brownouts)
    return Retirement(shape.deprecated, shape.sunset, shape.guide, brownouts)

"""`gateway.failures`, `gateway.networks` and `gateway.leaks`: guessed and stolen credentials."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from yett.config.sections.base import At, Shape
from yett.config.sections.exposure import PlainPath
from yett.config.sections.scalars import Duration
from yett.model.mode import Mode
from yett.model.stolen import Failures, Leaks, Networks

_MINUTE_MS = 60_000
_Count = Annotated[int, Field(ge=1, le=1_000_000)]


class FailuresShape(Shape):
    """Growing delays for whoever sends credentials that are not accepted. On unless turned off."""

    mode: Mode = "enforce"
    """`enforce`, `monitor`, or `off`."""
    per_source: _Count = 20
    """Failures that a source (an IPv4 address, or an IPv6 /64) has within the window before it is delayed."""
    per_credential: _Count = 50
    """Failures that a credential has within the window, from all sources together, before sources that have not proven
    it lately are delayed."""
    window: Duration = 600_000
    """Time in which so many failures are forgotten again."""
    delay: Duration = 1_000
    """The first delay; each further failure doubles it."""
    longest: Duration = 900_000
    """The longest delay."""


class NetworksShape(Shape):
    """When a key that is used from many networks is a finding."""

    most: Annotated[int, Field(ge=0, le=100)] = 20
    """Networks (IPv4 /24, IPv6 /48) from which a key may be used within the window; 0 for any number."""
    window: Duration = 3_600_000
    """The window, in whole minutes."""


class LeaksShape(Shape):
    """A path of the gateway's own where anybody may hand in a leaked key."""

    path: PlainPath
    """The path, such as `/.well-known/yett/leaked-keys`; no API may have it."""
    per_source: _Count = 10
    """Requests that a source may send within the window."""
    window: Duration = 60_000
    """Time in which so many requests are allowed again."""


def build_failures(shape: FailuresShape, at: At) -> Failures:
    """The settings that stand at `at`."""
    if shape.longest < shape.delay:
        hint = "make `longest` at least as long as `delay`"
        (at / "longest").report("delay-contradictory", "the longest delay is shorter than the first", hint)
    return Failures(shape.mode, shape.per_source, shape.per_credential, shape.window, shape.delay, shape.longest)


def build_networks(shape: NetworksShape, at: At) -> Networks:
    """The settings that stand at `at`."""
    if shape.window % _MINUTE_MS:
        (at / "window").report("window-invalid", "the window is a whole number of minutes", "write `60m`")
    return Networks(shape.most, max(1, shape.window // _MINUTE_MS))


def build_leaks(shape: LeaksShape) -> Leaks:
    """The settings, in the units of the model."""
    return Leaks(shape.path, shape.per_source, shape.window)

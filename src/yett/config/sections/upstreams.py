"""`upstream` of an API: where its requests go."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Field, Tag

from yett.config.sections.base import At, Shape
from yett.config.sections.scalars import Duration, Url
from yett.model.api import Protocol, Target, Upstream


class TargetShape(Shape):
    """One upstream target."""

    url: Url
    """Base URL; its path replaces the API's base path."""
    weight: Annotated[int, Field(ge=1, le=1_000)] = 1
    """Share of the traffic relative to the other targets."""


class UpstreamSettingsShape(Shape):
    """An upstream with targets, times and trust."""

    targets: Annotated[list[TargetShape], Field(min_length=1, max_length=1_000)]
    """At least one target."""
    connect_timeout: Duration = 2_000
    """Time to connect, TLS included."""
    response_timeout: Duration = 15_000
    """Time from sending the request to the head of the answer."""
    idle_timeout: Duration = 30_000
    """Time without a byte of the answer's body before it is given up."""
    protocol: Protocol = "http1"
    """What the targets speak: HTTP/1.1, or HTTP/2 (agreed on by ALPN over TLS, taken for granted without)."""
    preserve_host: bool = False
    """Send the caller's `Host` upstream instead of the target's own."""
    ca: str | None = None
    """Path of PEM certificates to trust instead of the platform's roots, relative to this file."""


UpstreamShape = Annotated[
    Annotated[Url, Tag("<url>")] | Annotated[UpstreamSettingsShape, Tag("<settings>")],
    Discriminator(lambda value: "<url>" if isinstance(value, str) else "<settings>"),
]
"""A URL, or settings."""


def build_upstream(shape: UpstreamShape, at: At) -> Upstream:
    """The upstream that stands at `at`."""
    if isinstance(shape, str):
        return Upstream((Target(shape, place=at.place),), place=at.place)
    return Upstream(
        targets=tuple(
            Target(target.url, target.weight, (at / "targets" / index).place)
            for index, target in enumerate(shape.targets)
        ),
        connect_timeout_ms=shape.connect_timeout,
        response_timeout_ms=shape.response_timeout,
        idle_timeout_ms=shape.idle_timeout,
        protocol=shape.protocol,
        preserve_host=shape.preserve_host,
        ca_pem=_read_ca(shape.ca, at / "ca"),
        place=at.place,
    )


def _read_ca(name: str | None, at: At) -> str | None:
    if name is None:
        return None
    pem = at.read_text(at.path(name))
    if pem is not None and "-----BEGIN CERTIFICATE-----" not in pem:
        at.report("ca-invalid", f"`{at.path(name)}` holds no PEM certificate")
    return pem

"""`gateway.clients` and `gateway.overload`: how long callers are waited for, how much each may hold, what is shed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from yett.config.sections.base import Shape
from yett.config.sections.scalars import Duration, Size, mistake
from yett.model.gateway import Clients, Overload
from yett.model.mode import Mode

_MIN_HEAD, _MAX_HEAD = 4096, 65_536
_MAX_RATE = 1_000_000
_MIN_LAG_MS, _MAX_MS = 10, 3_600_000


def _head(size: int) -> int:
    if _MIN_HEAD <= size <= _MAX_HEAD:
        return size
    raise mistake("size-out-of-range", "the head of a request may have 4KiB to 64KiB", "write `32KiB`")


def _rate(size: int) -> int:
    if size <= _MAX_RATE:
        return size
    raise mistake("rate-out-of-range", "a rate is at most 1000000 bytes a second", "write `1KiB`, or 0 for none")


def _lag(milliseconds: int) -> int:
    if milliseconds < _MIN_LAG_MS or milliseconds > _MAX_MS:
        raise mistake("duration-out-of-range", "a worker may be behind by 10ms to 1h", "write `250ms`")
    return milliseconds


def _slack(milliseconds: int) -> int:
    if milliseconds > _MAX_MS:
        raise mistake("duration-out-of-range", "an answer may come at most 1h later", "write `200ms`")
    return milliseconds


_Head = Annotated[Size, AfterValidator(_head)]
_Rate = Annotated[Size, AfterValidator(_rate)]


class ClientsShape(Shape):
    """What is asked of callers: how long they are waited for, and how much each may hold."""

    header_timeout: Duration = 10_000
    """Time for the head of a request to arrive; on a new connection from its first moment, the TLS handshake
    included."""
    body_timeout: Duration = 30_000
    """Time for a body that is looked at to arrive whole. One that passes through may be waited for as long, and longer
    with every byte that came, as `min_upload_rate` says."""
    idle_timeout: Duration = 75_000
    """Time a connection may wait for its next request, or a caller may take no byte of an answer."""
    request_timeout: Duration | Literal["off"] = "off"
    """Time from the head of a request to the last byte of its answer, whoever is slow; operations that are `long_lived`
    are exempt."""
    min_upload_rate: _Rate = 500
    """Bytes a second that a caller must send of a body on average, once it was waited for `body_timeout` in all; 0 for
    any byte at all."""
    min_download_rate: _Rate = 1024
    """Bytes a second that a caller must take of an answer on average, once it was waited for `idle_timeout` in all; 0
    for any byte at all."""
    max_head: _Head = 32 << 10
    """Largest head of a request, 4KiB to 64KiB."""
    max_headers: Annotated[int, Field(ge=1, le=1000)] = 100
    """Most header fields of a request."""
    max_connections: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    """Connections at the same time; more are turned away."""
    max_connections_per_address: Annotated[int, Field(ge=1, le=1_000_000)] = 1024
    """Connections at the same time from one address (IPv6: one /64); more are turned away. Raise it where many callers
    come through one proxy."""
    max_streams: Annotated[int, Field(ge=1, le=10_000)] = 100
    """HTTP/2 requests at the same time on one connection."""
    max_resets: Annotated[int, Field(ge=1, le=1_000_000)] = 200
    """HTTP/2 requests that a caller may abandon at once on one connection; as many are forgiven every ten seconds."""


class OverloadShape(Shape):
    """Sheds what would only wait, so that what is let in is answered soon."""

    mode: Mode = "enforce"
    """What to do with requests that there is no room for."""
    tolerance: Annotated[int, Field(ge=1, le=100)] = 2
    """An answer is late that took this many times what its operation usually takes, and `slack` more. While answers are
    not late, nothing is refused."""
    slack: Annotated[Duration, AfterValidator(_slack)] = 200
    """How much later than that an answer may come."""
    floor: Annotated[int, Field(ge=1, le=1_000_000)] = 8
    """Requests to an API at the same time, on each worker, for which there is always room."""
    lag: Annotated[Duration, AfterValidator(_lag)] = 250
    """How far a worker may be behind its own clock before it refuses what has low priority; the rest at twice, what is
    critical at four times as much. At least 10ms."""


def build_overload(shape: OverloadShape) -> Overload:
    """The settings, in the units of the model."""
    return Overload(
        mode=shape.mode, tolerance=shape.tolerance, slack_ms=shape.slack, floor=shape.floor, lag_ms=shape.lag
    )


def build_clients(shape: ClientsShape) -> Clients:
    """The limits, in the units of the model."""
    return Clients(
        header_timeout_ms=shape.header_timeout,
        body_timeout_ms=shape.body_timeout,
        idle_timeout_ms=shape.idle_timeout,
        request_timeout_ms=None if shape.request_timeout == "off" else shape.request_timeout,
        min_upload_rate=shape.min_upload_rate,
        min_download_rate=shape.min_download_rate,
        max_head_bytes=shape.max_head,
        max_headers=shape.max_headers,
        max_connections=shape.max_connections,
        max_connections_per_address=shape.max_connections_per_address,
        max_streams=shape.max_streams,
        max_resets=shape.max_resets,
    )

"""Upstreams: where an API's requests go, and what is done when they do not answer. Times are in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from yett.model.place import NOWHERE, Place
from yett.model.tls import UpstreamTls

HashKind = Literal["address", "app", "header", "cookie", "path"]
"""What requests must have in common to go to the same target."""

Protocol = Literal["http1", "http2"]
"""What an upstream speaks."""

RetryOn = Literal["connect-failure", "reset", "timeout", "502", "503", "504"]
"""A failure after which a request may be sent again."""


@dataclass(frozen=True, slots=True)
class Target:
    """One upstream target; `weight` is its share of the traffic relative to the others."""

    url: str
    weight: int = 1
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an API that runs beside others; `header` leads to it whatever its share."""

    name: str
    targets: tuple[Target, ...]
    weight: int = 1
    header: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Hash:
    """The same target for the same key; `name` is that of the header, cookie or path parameter."""

    kind: HashKind
    name: str = ""


@dataclass(frozen=True, slots=True)
class Affinity:
    """Keeps a caller on one target by a signed cookie."""

    cookie: str
    lifetime_s: int | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """Asks every target whether it is well."""

    path: str
    interval_ms: int = 5_000
    timeout_ms: int = 2_000
    healthy_after: int = 2
    unhealthy_after: int = 3
    expect_status: tuple[int, ...] = ()
    host: str | None = None


@dataclass(frozen=True, slots=True)
class Outlier:
    """Takes targets out for a while that fail requests, where there are others. Shares are in percent."""

    consecutive: int = 5
    failure_share: int = 50
    min_requests: int = 20
    window_ms: int = 10_000
    ejection_ms: int = 10_000
    max_ejection_ms: int = 300_000
    max_ejected: int = 50
    panic: int = 30


@dataclass(frozen=True, slots=True)
class RetryBudget:
    """Repeats per hundred requests, and repeats per second besides."""

    share: int = 20
    minimum: int = 10


@dataclass(frozen=True, slots=True)
class Retries:
    """What is sent again when it failed; `attempts` counts the first time too."""

    attempts: int = 2
    per_try_timeout_ms: int | None = None
    on: tuple[RetryOn, ...] = ("connect-failure", "reset", "503")
    budget: RetryBudget = RetryBudget()


@dataclass(frozen=True, slots=True)
class Circuit:
    """When a target gets no more requests."""

    max_in_flight: int | None = None
    max_pending: int | None = None
    failures: int | None = None
    open_ms: int = 10_000


@dataclass(frozen=True, slots=True)
class Mirror:
    """Copies of requests, without credentials, for a target whose answers nobody sees."""

    url: str
    share: int = 100
    max_in_flight: int = 16


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where an API's requests go: to `targets`, or to those of `versions`.

    `retries` of `None` means once more where there is another target. `ca_pem` replaces the platform's trusted roots.
    """

    targets: tuple[Target, ...]
    versions: tuple[Version, ...] = ()
    balance: Literal["round-robin", "least-loaded"] | Hash = "round-robin"
    affinity: Affinity | None = None
    health: Health | None = None
    outlier: Outlier = Outlier()
    slow_start_ms: int = 10_000
    retries: Retries | None = None
    timeout_ms: int | None = None
    circuit: Circuit | None = None
    mirror: Mirror | None = None
    dns_refresh_ms: int = 10_000
    connect_timeout_ms: int = 2_000
    response_timeout_ms: int = 15_000
    idle_timeout_ms: int = 30_000
    protocol: Protocol = "http1"
    preserve_host: bool = False
    ca_pem: str | None = field(default=None, repr=False)
    tls: UpstreamTls = UpstreamTls()
    place: Place = field(default=NOWHERE, compare=False, repr=False)

    def all_targets(self) -> tuple[Target, ...]:
        """The targets of every version, or those without one."""
        return self.targets + tuple(target for version in self.versions for target in version.targets)

"""What an upstream does about targets that fail: shapes of its settings."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from yett.config.sections.base import Shape, key_of
from yett.config.sections.scalars import Duration, Name, Url, mistake
from yett.model.upstream import Retries, RetryOn

_FIELD: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_COOKIE: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PATH: Final = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*")
_SHARE_OF_100 = Annotated[int, Field(ge=0, le=100)]
_COUNT = Annotated[int, Field(ge=1, le=1_000_000)]


def _field_name(text: str) -> str:
    if not _FIELD.fullmatch(text.lower()):
        raise mistake("header-invalid", "a header name is letters, digits and `-`", "write `x-session`")
    return text.lower()


def _cookie_name(text: str) -> str:
    if not _COOKIE.fullmatch(text):
        raise mistake("cookie-invalid", "a cookie's name is letters, digits, `-`, `_` and `.`", "write `shop-target`")
    return text


def _check_path(text: str) -> str:
    if not _PATH.fullmatch(text):
        raise mistake("path-invalid", "a path starts with `/` and holds plain characters", "write `/healthz`")
    return text


_FieldName = Annotated[str, AfterValidator(_field_name)]
_CookieName = Annotated[str, AfterValidator(_cookie_name)]
_Path = Annotated[str, AfterValidator(_check_path)]


class TargetShape(Shape):
    """One upstream target."""

    url: Url
    """Base URL; its path replaces the API's base path."""
    weight: Annotated[int, Field(ge=1, le=1_000)] = 1
    """Share of the traffic relative to the other targets."""


class MatchShape(Shape):
    """What leads to a version whatever its share."""

    header: Annotated[dict[_FieldName, str], Field(min_length=1)]
    """Header fields by name; every one must have its value."""


class VersionShape(Shape):
    """A version of an API that runs beside others."""

    name: Name
    """Name, as events tell it."""
    weight: Annotated[int, Field(ge=0, le=1_000)] = 1
    """Share of the callers relative to the other versions; 0 leaves it to `match`. One caller sees one version."""
    match: MatchShape | None = None
    """What leads here whatever the share."""
    targets: Annotated[list[TargetShape], Field(min_length=1, max_length=1_000)]
    """At least one target."""


class HashHeaderShape(Shape):
    """The same target for the same value of a header."""

    header: _FieldName
    """The header; without it the address counts."""


class HashCookieShape(Shape):
    """The same target for the same value of a cookie."""

    cookie: _CookieName
    """The cookie; without it the address counts."""


class HashPathShape(Shape):
    """The same target for the same value of a path parameter."""

    path: Annotated[str, Field(min_length=1)]
    """The parameter of the path template; without it the address counts."""


_HASHES = {"header": "<header>", "cookie": "<cookie>", "path": "<path>"}


class HashShape(Shape):
    """The same target for the same key, as long as it has room."""

    hash: Annotated[
        Annotated[Literal["address", "app"], Tag("<caller>")]
        | Annotated[HashHeaderShape, Tag("<header>")]
        | Annotated[HashCookieShape, Tag("<cookie>")]
        | Annotated[HashPathShape, Tag("<path>")],
        Discriminator(
            lambda value: "<caller>" if isinstance(value, str) else key_of(value, _HASHES),
            custom_error_type="hash-unclear",
            custom_error_message="a hash is `address`, `app`, or one of `header`, `cookie` and `path`",
        ),
    ]
    """What requests must have in common to go to the same target."""


class AffinityShape(Shape):
    """Keeps a caller on one target by a cookie that the gateway signs."""

    cookie: _CookieName
    """Name of the cookie. It is HttpOnly, SameSite=Lax, and Secure over TLS; no upstream sees it."""
    lifetime: Duration | None = None
    """How long it lasts; absent: until the browser is closed."""


class HealthShape(Shape):
    """Asks every target whether it is well."""

    path: _Path
    """Path that is asked for with GET, as it stands: the path of the target's URL is not put before it."""
    interval: Duration = 5_000
    """Time between two checks of a target, give or take a tenth."""
    timeout: Duration = 2_000
    """Time to connect, and again for the head of the answer."""
    healthy_after: _COUNT = 2
    """Checks in a row that must succeed before a target that was taken out is used again."""
    unhealthy_after: _COUNT = 3
    """Checks in a row that must fail before a target is taken out."""
    expect_status: list[Annotated[int, Field(ge=100, le=599)]] = Field(default_factory=list)
    """Statuses of success; none means 200 to 299."""
    host: Annotated[str, Field(min_length=1)] | None = None
    """`Host` of the check; absent: the target's."""


class OutlierShape(Shape):
    """Takes targets out for a while that fail requests, where there are others."""

    consecutive: Annotated[int, Field(ge=0, le=1_000_000)] = 5
    """Failures in a row (no connection, no answer, 502, 503 or 504) that take a target out; 0 never does."""
    failure_share: _SHARE_OF_100 = 50
    """Percent of failed requests (every 5xx is one) in a window that takes a target out if the others do much better;
    0 never does."""
    min_requests: _COUNT = 20
    """Requests a target must have had in the window to be judged by its share."""
    window: Duration = 10_000
    """The window."""
    ejection: Duration = 10_000
    """How long the first ejection lasts; each further one lasts that much longer."""
    max_ejection: Duration = 300_000
    """How long an ejection lasts at most."""
    max_ejected: _SHARE_OF_100 = 50
    """Percent of the targets that may be out at once; one always may."""
    panic: _SHARE_OF_100 = 30
    """When fewer percent of the targets are well, all are used: some answers are better than a flood for the few."""


class RetryBudgetShape(Shape):
    """Bounds what repeating adds to the load of an upstream that is in trouble."""

    share: _SHARE_OF_100 = 20
    """Repeats per hundred requests."""
    minimum: Annotated[int, Field(ge=0, le=10_000)] = 10
    """Repeats per second that are allowed besides."""


def _status_text(value: object) -> object:
    # Unquoted, YAML reads a number.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class RetriesShape(Shape):
    """What is sent again when it failed.

    But for failed connections only idempotent methods, with bodies that are here whole, are sent again.
    """

    attempts: Annotated[int, Field(ge=1, le=10)] = 2
    """How often a request is sent at most, the first time included; 1 repeats nothing."""
    per_try_timeout: Duration | None = None
    """Time from sending to the head of the answer, for each attempt; absent: `response_timeout`."""
    when: list[Annotated[RetryOn, BeforeValidator(_status_text)]] = Field(default_factory=lambda: list(Retries().on))
    """Which failures are worth another attempt."""
    budget: RetryBudgetShape = RetryBudgetShape()
    """How many attempts there may be over all requests."""


class CircuitShape(Shape):
    """When a target gets no more requests. Counts are over all workers of the gateway."""

    max_in_flight: _COUNT | None = None
    """Requests of the API that are with a target at the same time."""
    max_pending: _COUNT | None = None
    """Requests that wait for a connection to a target at the same time."""
    failures: _COUNT | None = None
    """Failures in a row that open the circuit: the target gets nothing for `open_for`, then a single request."""
    open_for: Duration = 10_000
    """How long an open circuit stays open."""


class DnsShape(Shape):
    """How names become addresses."""

    refresh: Duration = 10_000
    """How long addresses are believed before the name is looked up again; old ones stay while that fails."""


class MirrorShape(Shape):
    """Copies of requests, without credentials, for a target whose answers nobody sees.

    Streamed bodies are not copied.
    """

    url: Url
    """Where the copies go."""
    share: Annotated[int, Field(ge=1, le=100)] = 100
    """Copies per hundred requests."""
    max_in_flight: _COUNT = 16
    """Copies under way at the same time; further requests are not copied."""

"""`upstream` of an API: where its requests go, and what is done when they do not answer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from yett.config.certificates import pair_mistake
from yett.config.sections.base import At, Shape, key_of
from yett.config.sections.scalars import Duration, Host, Name, TlsVersion, Url, mistake
from yett.config.sections.secrets import FileShape
from yett.model.tls import UpstreamTls
from yett.model.upstream import (
    Affinity,
    Circuit,
    Hash,
    Health,
    Mirror,
    Outlier,
    Protocol,
    Retries,
    RetryBudget,
    RetryOn,
    Target,
    Upstream,
    Version,
)

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


class ClientCertificateShape(Shape):
    """A certificate of the gateway and its key."""

    certificate: str
    """Path of the PEM certificate chain, the leaf first, relative to this file."""
    key: FileShape
    """The PEM private key. It is read by the gateway where it lies, and is in no snapshot."""


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


class RetriesShape(Shape):
    """What is sent again when it failed.

    But for failed connections only idempotent methods, with bodies that are here whole, are sent again.
    """

    attempts: Annotated[int, Field(ge=1, le=10)] = 2
    """How often a request is sent at most, the first time included; 1 repeats nothing."""
    per_try_timeout: Duration | None = None
    """Time from sending to the head of the answer, for each attempt; absent: `response_timeout`."""
    when: list[RetryOn] = Field(default_factory=lambda: list(Retries().on))
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


class UpstreamSettingsShape(Shape):
    """An upstream with targets, times and trust."""

    targets: Annotated[list[TargetShape], Field(max_length=1_000)] = Field(default_factory=list)
    """At least one target, unless there are `versions`."""
    versions: Annotated[list[VersionShape], Field(max_length=100)] = Field(default_factory=list)
    """Versions that share the callers, each with targets of its own."""
    balance: Annotated[
        Annotated[Literal["round-robin", "least-loaded"], Tag("<word>")] | Annotated[HashShape, Tag("<hash>")],
        Discriminator(lambda value: "<word>" if isinstance(value, str) else "<hash>"),
    ] = "round-robin"
    """How one of several targets is chosen: in turn, the less busy of two, or by a hash."""
    affinity: AffinityShape | None = None
    """Keeps a caller on one target by a signed cookie."""
    health: HealthShape | None = None
    """Asks every target whether it is well."""
    outlier: OutlierShape = OutlierShape()
    """When failed requests take a target out."""
    slow_start: Duration | Literal["off"] = 10_000
    """Time in which a target that is new or back reaches its full share."""
    retries: RetriesShape | None = None
    """What is sent again when it failed; absent: once more, where there is another target."""
    timeout: Duration | None = None
    """Time from forwarding a request to the head of its answer, over all attempts."""
    circuit: CircuitShape | None = None
    """When a target gets no more requests."""
    mirror: MirrorShape | None = None
    """Copies of requests for a target whose answers nobody sees."""
    dns: DnsShape = DnsShape()
    """How often names are looked up."""
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
    client_certificate: ClientCertificateShape | None = None
    """What the gateway proves itself with to the targets."""
    server_name: Host | None = None
    """Name that the targets prove and are asked for, instead of the host of their URL."""
    min_tls_version: TlsVersion = "1.2"
    """The oldest version of TLS that is spoken with the targets: `1.2` or `1.3`."""


UpstreamShape = Annotated[
    Annotated[Url, Tag("<url>")] | Annotated[UpstreamSettingsShape, Tag("<settings>")],
    Discriminator(lambda value: "<url>" if isinstance(value, str) else "<settings>"),
]
"""A URL, or settings."""


def build_upstream(shape: UpstreamShape, at: At) -> Upstream:
    """The upstream that stands at `at`."""
    if isinstance(shape, str):
        return Upstream((Target(shape, place=at.place),), place=at.place)
    _check(shape, at)
    return Upstream(
        targets=_targets(shape.targets, at / "targets"),
        versions=tuple(_version(one, at / "versions" / index) for index, one in enumerate(shape.versions)),
        balance=shape.balance if isinstance(shape.balance, str) else _hash(shape.balance),
        affinity=None if shape.affinity is None else _affinity(shape.affinity),
        health=None if shape.health is None else _health(shape.health),
        outlier=_outlier(shape.outlier),
        slow_start_ms=0 if shape.slow_start == "off" else shape.slow_start,
        retries=None if shape.retries is None else _retries(shape.retries),
        timeout_ms=shape.timeout,
        circuit=None if shape.circuit is None else _circuit(shape.circuit),
        mirror=None if shape.mirror is None else Mirror(**shape.mirror.model_dump()),
        dns_refresh_ms=shape.dns.refresh,
        connect_timeout_ms=shape.connect_timeout,
        response_timeout_ms=shape.response_timeout,
        idle_timeout_ms=shape.idle_timeout,
        protocol=shape.protocol,
        preserve_host=shape.preserve_host,
        ca_pem=_read_ca(shape.ca, at / "ca"),
        tls=_build_tls(shape, at),
        place=at.place,
    )


def _check(shape: UpstreamSettingsShape, at: At) -> None:
    if bool(shape.targets) == bool(shape.versions):
        at.report(
            "target-missing", "an upstream has `targets` or `versions`, one of the two", "name at least one target"
        )
    if shape.versions and not any(one.weight for one in shape.versions):
        at.report("target-missing", "no version has a share of the callers", "give one of `versions` a `weight`")
    names = [one.name for one in shape.versions]
    for index, name in enumerate(names):
        if name in names[:index]:
            (at / "versions" / index).report("name-duplicate", f"there is a version `{name}` already")


def _targets(shapes: list[TargetShape], at: At) -> tuple[Target, ...]:
    return tuple(Target(one.url, one.weight, (at / index).place) for index, one in enumerate(shapes))


def _version(shape: VersionShape, at: At) -> Version:
    header = shape.match.header if shape.match else {}
    return Version(shape.name, _targets(shape.targets, at / "targets"), shape.weight, tuple(sorted(header.items())))


def _hash(shape: HashShape) -> Hash:
    match shape.hash:
        case HashHeaderShape(header=name):
            return Hash("header", name)
        case HashCookieShape(cookie=name):
            return Hash("cookie", name)
        case HashPathShape(path=name):
            return Hash("path", name)
        case word:
            return Hash(word)


def _affinity(shape: AffinityShape) -> Affinity:
    return Affinity(shape.cookie, None if shape.lifetime is None else max(1, shape.lifetime // 1_000))


def _health(shape: HealthShape) -> Health:
    return Health(
        path=shape.path,
        interval_ms=shape.interval,
        timeout_ms=shape.timeout,
        healthy_after=shape.healthy_after,
        unhealthy_after=shape.unhealthy_after,
        expect_status=tuple(sorted(set(shape.expect_status))),
        host=shape.host,
    )


def _outlier(shape: OutlierShape) -> Outlier:
    return Outlier(
        consecutive=shape.consecutive,
        failure_share=shape.failure_share,
        min_requests=shape.min_requests,
        window_ms=shape.window,
        ejection_ms=shape.ejection,
        max_ejection_ms=shape.max_ejection,
        max_ejected=shape.max_ejected,
        panic=shape.panic,
    )


def _retries(shape: RetriesShape) -> Retries:
    budget = RetryBudget(shape.budget.share, shape.budget.minimum)
    return Retries(shape.attempts, shape.per_try_timeout, tuple(dict.fromkeys(shape.when)), budget)


def _circuit(shape: CircuitShape) -> Circuit:
    return Circuit(shape.max_in_flight, shape.max_pending, shape.failures, shape.open_for)


def _read_ca(name: str | None, at: At) -> str | None:
    if name is None:
        return None
    pem = at.read_text(at.path(name))
    if pem is not None and "-----BEGIN CERTIFICATE-----" not in pem:
        at.report("ca-invalid", f"`{at.path(name)}` holds no PEM certificate")
    return pem


def _build_tls(shape: UpstreamSettingsShape, at: At) -> UpstreamTls:
    certificate, key = _read_pair(shape.client_certificate, at / "client_certificate")
    speaks_tls = any(target.url.startswith("https:") for target in _all_targets(shape))
    for setting in ("client_certificate", "server_name", "min_tls_version"):
        if setting in shape.model_fields_set and not speaks_tls:
            hint = "write `https://` in the URL of a target, or leave the setting out"
            (at / setting).report("upstream-plain", f"`{setting}` means nothing without TLS", hint)
    return UpstreamTls(certificate, key, shape.server_name, shape.min_tls_version)


def _all_targets(shape: UpstreamSettingsShape) -> list[TargetShape]:
    return shape.targets + [target for version in shape.versions for target in version.targets]


def _read_pair(shape: ClientCertificateShape | None, at: At) -> tuple[str | None, str | None]:
    if shape is None:
        return None, None
    certificate, key = at.path(shape.certificate), at.path(shape.key.file)
    pem, secret = (at / "certificate").read_text(certificate), (at / "key").read_text(key)
    if pem is not None and secret is not None and (mistake := pair_mistake(certificate, key)) is not None:
        (at / mistake.setting).report(mistake.code, mistake.message, mistake.hint)
    # The gateway may run in another folder.
    return pem, str(Path(key).absolute())

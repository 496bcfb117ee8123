"""`upstream` of an API: where its requests go, and what is done when they do not answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Discriminator, Field, Tag

from yett.config.certificates import pair_mistake
from yett.config.sections.base import At, Shape
from yett.config.sections.scalars import Duration, Host, TlsVersion, Url
from yett.config.sections.secrets import FileShape
from yett.config.sections.targets import (
    AffinityShape,
    CircuitShape,
    DnsShape,
    HashCookieShape,
    HashHeaderShape,
    HashPathShape,
    HashShape,
    HealthShape,
    MirrorShape,
    OutlierShape,
    RetriesShape,
    TargetShape,
    VersionShape,
)
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
    Target,
    Upstream,
    Version,
)


class ClientCertificateShape(Shape):
    """A certificate of the gateway and its key."""

    certificate: str
    """Path of the PEM certificate chain, the leaf first, relative to this file."""
    key: FileShape
    """The PEM private key. It is read by the gateway where it lies, and is in no snapshot."""


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
        ca_pem=read_ca(shape.ca, at / "ca"),
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
    _doubt(shape, at)


HASTY_MS: Final = 100
"""Checks that come faster than this are more likely a slip of the pen."""


def _doubt(shape: UpstreamSettingsShape, at: At) -> None:
    """Warn of settings that have no effect, or one that is hardly meant."""
    per_try = None if shape.retries is None else shape.retries.per_try_timeout
    for name, limit in (("timeout", shape.timeout), ("response_timeout", shape.response_timeout)):
        if per_try is not None and limit is not None and per_try > limit:
            message = f"`per_try_timeout` never ends an attempt: `{name}` is over before"
            hint = f"make it shorter than `{name}`"
            (at / "retries" / "per_try_timeout").report("timeout-unreachable", message, hint, severity="warning")
    if shape.health is not None and shape.health.interval < HASTY_MS:
        message = f"every target would be asked {1_000 // max(1, shape.health.interval):,} times a second"
        (at / "health" / "interval").report("health-hasty", message, "write `5s`", severity="warning")
    if shape.affinity is not None and len(_all_targets(shape)) == 1:
        message = "there is one target: callers stay with it anyway"
        (at / "affinity").report("affinity-idle", message, "leave it out, or add a target", severity="warning")


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


def read_ca(name: str | None, at: At) -> str | None:
    """The PEM text of the file that is named at `at`."""
    if name is None:
        return None
    pem = at.read_text(at.path(name))
    if pem is not None and "-----BEGIN CERTIFICATE-----" not in pem:
        at.report("ca-invalid", f"`{at.path(name)}` holds no PEM certificate")
    return pem


def _build_tls(shape: UpstreamSettingsShape, at: At) -> UpstreamTls:
    certificate, key = read_pair(shape.client_certificate, at / "client_certificate")
    speaks_tls = any(target.url.startswith("https:") for target in _all_targets(shape))
    for setting in ("client_certificate", "server_name", "min_tls_version"):
        if setting in shape.model_fields_set and not speaks_tls:
            hint = "write `https://` in the URL of a target, or leave the setting out"
            (at / setting).report("upstream-plain", f"`{setting}` means nothing without TLS", hint)
    return UpstreamTls(certificate, key, shape.server_name, shape.min_tls_version)


def _all_targets(shape: UpstreamSettingsShape) -> list[TargetShape]:
    return shape.targets + [target for version in shape.versions for target in version.targets]


def read_pair(shape: ClientCertificateShape | None, at: At) -> tuple[str | None, str | None]:
    """The PEM text of a certificate and the path of its key, which stand at `at`."""
    if shape is None:
        return None, None
    certificate, key = at.path(shape.certificate), at.path(shape.key.file)
    pem, secret = (at / "certificate").read_text(certificate), (at / "key").read_text(key)
    if pem is not None and secret is not None and (mistake := pair_mistake(certificate, key)) is not None:
        (at / mistake.setting).report(mistake.code, mistake.message, mistake.hint)
    # The gateway may run in another folder.
    return pem, str(Path(key).absolute())

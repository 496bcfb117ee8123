"""`gateway`: the process itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Discriminator, Field, Tag

from yett.config.sections.base import At, Shape
from yett.config.sections.clients import ClientsShape, OverloadShape, build_clients, build_overload
from yett.config.sections.content import CacheMemoryShape
from yett.config.sections.limits import LimitShape, build_limits
from yett.config.sections.proxy import IssuerShape, TracingShape, build_issuer, build_tracing
from yett.config.sections.scalars import Address, Network, TimeZone
from yett.config.sections.secrets import SecretShape, build_secret
from yett.config.sections.stolen import (
    FailuresShape,
    LeaksShape,
    NetworksShape,
    build_failures,
    build_leaks,
    build_networks,
)
from yett.config.sections.tls import TlsShape, build_tls
from yett.model.gateway import GatewaySettings, Listener, LogSubjects
from yett.model.limit import DEFAULT_GATEWAY_LIMITS
from yett.model.policy import ClaimType


class ListenerShape(Shape):
    """An address to accept callers on, with settings."""

    address: Address
    """Address and port."""
    tls: bool | None = None
    """Whether TLS is spoken; absent means whenever `tls` of the gateway has certificates."""
    proxy_protocol: bool = False
    """Each connection must begin with a PROXY header (version 1 or 2), from one of `proxy_protocol_from`."""


ListenShape = Annotated[
    Annotated[Address, Tag("<address>")] | Annotated[ListenerShape, Tag("<settings>")],
    Discriminator(lambda value: "<address>" if isinstance(value, str) else "<settings>"),
]
"""An address, or an address with settings."""


class GatewayShape(Shape):
    """The gateway process."""

    listen: Annotated[
        Annotated[Address, Tag("<address>")]
        | Annotated[Annotated[list[ListenShape], Field(min_length=1, max_length=64)], Tag("<list>")],
        Discriminator(lambda value: "<list>" if isinstance(value, list) else "<address>"),
    ] = "127.0.0.1:8080"
    """Address and port for callers, or a list of them, each with settings where it needs any."""
    proxy_protocol_from: Annotated[list[Network], Field(default_factory=list, max_length=1_000)]
    """Addresses and networks of the proxies whose PROXY headers are taken, on listeners with `proxy_protocol`; absent
    means `trusted_proxies`."""
    redirect_http: Address | None = None
    """Address and port of a plain listener that only sends callers to HTTPS (308)."""
    redirect_port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    """Port that `redirect_http` sends callers to; absent means that of the first listener with TLS."""
    acme_challenges: str | None = None
    """Path of the webroot of an ACME client, relative to this file: `redirect_http` shows what the client leaves under
    `.well-known/acme-challenge`."""
    workers: Annotated[int, Field(ge=1, le=1024)] | None = None
    """Worker threads; absent means one per core."""
    telemetry: Address | None = None
    """Address and port of `/metrics` and `/healthz`; absent means off."""
    access_log: str = "-"
    """`-` for standard output, a path relative to this file, or `off`."""
    pepper: SecretShape | None = None
    """The secret under which keys are hashed; absent means the file `.yett/pepper` beside the configuration."""
    tls: TlsShape | None = None
    """Serve HTTPS; absent means plain HTTP."""
    limits: list[LimitShape] | None = None
    """Limits on all traffic. Absent means 1,000 requests a second (2,000 at once) and 1,024 at the same time for each
    client address; `[]` lifts them."""
    clients: ClientsShape = ClientsShape()
    """How long callers are waited for, and how much each may hold."""
    trusted_proxies: list[Network] = Field(default_factory=list)
    """Networks of the proxies in front, whose `X-Forwarded-*` or `Forwarded` is believed; none means nobody's is."""
    tracing: TracingShape = TracingShape()
    """Whose W3C traces go on, and how many of the new ones are sampled."""
    identity: IssuerShape | None = None
    """Who signs the tokens that tell upstreams who calls; needed where an API has `upstream_identity`."""
    overload: OverloadShape = OverloadShape()
    """When requests are refused because there is no room for them."""
    cache: CacheMemoryShape = CacheMemoryShape()
    """Memory for the answers that APIs keep."""
    store: Annotated[str, Field(min_length=1)] | None = None
    """Path of the file, relative to this one, for what must outlive the process, such as revoked tokens; absent means
    `.yett/store.db` beside the configuration. It is made where it is needed."""
    time_zone: TimeZone | None = None
    """IANA name of the time zone in which policies see the time; absent means UTC."""
    claims: dict[Annotated[str, Field(min_length=1, max_length=100)], ClaimType] = Field(default_factory=dict)
    """Claims of tokens that policies may read, each with its type: `string`, `integer`, `boolean` or `strings`."""
    failures: FailuresShape = FailuresShape()
    """Delays for whoever guesses credentials."""
    networks: NetworksShape = NetworksShape()
    """From how many networks a key may be used before somebody should look at it."""
    leaks: LeaksShape | None = None
    """Where leaked keys are handed in; absent means nowhere."""
    log_subjects: LogSubjects = "hashed"
    """How people stand in events, which are personal data then: `hashed` with the pepper, so that the events of one
    person can be joined and nobody can read the name, `plain`, or `off`."""
    keys_file: Annotated[str, Field(min_length=1)] | None = None
    """Path of a file, relative to this one, with any number of hashed keys, one JSON object a line."""


def build_gateway(shape: GatewayShape, at: At) -> GatewaySettings:
    """The settings that stand at `at`."""
    return GatewaySettings(
        listen=_listeners(shape, at),
        proxy_protocol_from=tuple(shape.proxy_protocol_from or shape.trusted_proxies),
        redirect_http=_redirect(shape, at),
        redirect_port=shape.redirect_port,
        acme_challenges=_acme_challenges(shape, at),
        workers=shape.workers,
        telemetry=shape.telemetry,
        access_log=_access_log(shape.access_log, at),
        pepper=None if shape.pepper is None else build_secret(shape.pepper, at / "pepper"),
        tls=None if shape.tls is None else build_tls(shape.tls, at / "tls"),
        limits=DEFAULT_GATEWAY_LIMITS if shape.limits is None else build_limits(shape.limits, at / "limits"),
        clients=build_clients(shape.clients),
        trusted_proxies=tuple(dict.fromkeys(shape.trusted_proxies)),
        tracing=build_tracing(shape.tracing),
        identity=None if shape.identity is None else build_issuer(shape.identity, at / "identity"),
        overload=build_overload(shape.overload),
        cache_bytes=shape.cache.memory,
        store=None if shape.store is None else at.path(shape.store),
        time_zone=shape.time_zone,
        claims=tuple(sorted(shape.claims.items())),
        failures=build_failures(shape.failures, at / "failures"),
        networks=build_networks(shape.networks, at / "networks"),
        leaks=None if shape.leaks is None else build_leaks(shape.leaks),
        log_subjects=shape.log_subjects,
        keys_file=None if shape.keys_file is None else at.path(shape.keys_file),
        place=at.place,
    )


def _access_log(text: str, at: At) -> str | None:
    if text == "off":
        return None
    if text == "-":
        return text
    path = at.path(text)
    (at / "access_log").need_folder(str(Path(path).parent))
    return path


def _listeners(shape: GatewayShape, at: At) -> tuple[Listener, ...]:
    written = shape.listen if isinstance(shape.listen, list) else [shape.listen]
    listeners = tuple(
        Listener(one) if isinstance(one, str) else Listener(one.address, one.tls, one.proxy_protocol) for one in written
    )
    for index, listener in enumerate(listeners):
        spot = at / "listen" / index
        if listener.tls and shape.tls is None:
            spot.report("certificate-missing", "this listener speaks TLS without a certificate", "set `gateway.tls`")
        if listener.proxy_protocol and not (shape.proxy_protocol_from or shape.trusted_proxies):
            hint = "name the proxies: `proxy_protocol_from: [10.0.0.7]`"
            spot.report("proxies-missing", "anyone could write the PROXY headers of this listener", hint)
    if shape.proxy_protocol_from and not any(listener.proxy_protocol for listener in listeners):
        hint = "set `proxy_protocol: true` on the listener that is meant, or leave it out"
        message = "no listener reads PROXY headers"
        (at / "proxy_protocol_from").report("proxies-unused", message, hint, severity="warning")
    if shape.tls is not None and all(listener.tls is False for listener in listeners):
        (at / "tls").report("tls-unused", "every listener has `tls: false`", "leave it out where TLS is meant")
    return listeners


def _redirect(shape: GatewayShape, at: At) -> str | None:
    if shape.redirect_http is not None and shape.tls is None:
        (at / "redirect_http").report("certificate-missing", "there is no HTTPS to send callers to", "set `tls`")
    for name in ("redirect_port", "acme_challenges"):
        if shape.redirect_http is None and getattr(shape, name) is not None:
            hint = 'set `redirect_http: "0.0.0.0:80"`'
            (at / name).report("redirect-missing", f"`{name}` means nothing without `redirect_http`", hint)
    return shape.redirect_http


def _acme_challenges(shape: GatewayShape, at: At) -> str | None:
    if shape.acme_challenges is None:
        return None
    path = at.path(shape.acme_challenges)
    (at / "acme_challenges").need_folder(path)
    return path

"""`upstream` of an API: where its requests go."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Discriminator, Field, Tag

from yett.config.certificates import pair_mistake
from yett.config.sections.base import At, Shape
from yett.config.sections.scalars import Duration, Host, TlsVersion, Url
from yett.config.sections.secrets import FileShape
from yett.model.api import Protocol, Target, Upstream
from yett.model.tls import UpstreamTls


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
        tls=_build_tls(shape, at),
        place=at.place,
    )


def _read_ca(name: str | None, at: At) -> str | None:
    if name is None:
        return None
    pem = at.read_text(at.path(name))
    if pem is not None and "-----BEGIN CERTIFICATE-----" not in pem:
        at.report("ca-invalid", f"`{at.path(name)}` holds no PEM certificate")
    return pem


def _build_tls(shape: UpstreamSettingsShape, at: At) -> UpstreamTls:
    certificate, key = _read_pair(shape.client_certificate, at / "client_certificate")
    speaks_tls = any(target.url.startswith("https:") for target in shape.targets)
    for setting in ("client_certificate", "server_name", "min_tls_version"):
        if setting in shape.model_fields_set and not speaks_tls:
            hint = "write `https://` in the URL of a target, or leave the setting out"
            (at / setting).report("upstream-plain", f"`{setting}` means nothing without TLS", hint)
    return UpstreamTls(certificate, key, shape.server_name, shape.min_tls_version)


def _read_pair(shape: ClientCertificateShape | None, at: At) -> tuple[str | None, str | None]:
    if shape is None:
        return None, None
    certificate, key = at.path(shape.certificate), at.path(shape.key.file)
    pem, secret = (at / "certificate").read_text(certificate), (at / "key").read_text(key)
    if pem is not None and secret is not None and (mistake := pair_mistake(certificate, key)) is not None:
        (at / mistake.setting).report(mistake.code, mistake.message, mistake.hint)
    # The gateway may run in another folder.
    return pem, str(Path(key).absolute())

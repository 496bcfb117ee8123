"""URLs that the gateway itself asks: what may be said of each."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, WithJsonSchema

from yett.config.sections.base import At, Shape
from yett.config.sections.scalars import Duration, Host, TlsVersion, mistake
from yett.config.sections.upstreams import ClientCertificateShape, read_ca, read_pair
from yett.model.remote import Remote
from yett.model.tls import UpstreamTls

_HINT: Final = "write `https://id.example.com/path`"
_LONGEST_MS: Final = 60_000
_PRIVATE: Final = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))


def _remote_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        raise mistake("url-invalid", "this is not a URL", _HINT) from None
    if parts.username is not None or parts.password is not None:
        raise mistake(
            "secret-literal", "a URL must not hold a user name or password", "remove everything up to the `@`"
        )
    odd = any(character <= " " or character in '"<>\\^`{|}' for character in text)
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_fits or not text.isascii():
        raise mistake("url-invalid", "what the gateway asks is a URL with https and a host", _HINT)
    if odd or parts.fragment or "#" in text:
        raise mistake("url-invalid", "a URL that is asked has no fragment, spaces or placeholders", _HINT)
    return text


RemoteUrl = Annotated[
    str, AfterValidator(_remote_url), WithJsonSchema({"type": "string", "format": "uri", "pattern": "^https?://"})
]
"""A URL that the gateway asks."""


class RemoteShape(Shape):
    """How a URL is asked that the gateway fetches by itself: over HTTPS, and never after a redirect."""

    private: bool = False
    """Whether it may be at a private address or on the gateway's own machine. Addresses where clouds serve secrets
    to their machines (`169.254.169.254`) are never asked."""
    plain_http: bool = False
    """Ask over plain HTTP, which is possible on the gateway's own machine only."""
    timeout: Duration = 5_000
    """Time from the question to the last byte of the answer; at most 60s."""
    ca: str | None = None
    """Path of PEM certificates to trust instead of the platform's roots, relative to this file."""
    client_certificate: ClientCertificateShape | None = None
    """What the gateway proves itself with."""
    server_name: Host | None = None
    """Name that is proven and asked for, instead of the host of the URL."""
    min_tls_version: TlsVersion = "1.2"
    """The oldest version of TLS that is spoken: `1.2` or `1.3`."""


def build_remote(url: str, shape: RemoteShape, at: At, key: str = "url") -> Remote:
    """The remote whose settings stand at `at`, and whose URL stands there under `key`."""
    _check(url, shape, at, key)
    certificate, secret = read_pair(shape.client_certificate, at / "client_certificate")
    return Remote(
        url=url,
        private=shape.private,
        plain=shape.plain_http,
        timeout_ms=shape.timeout,
        ca_pem=read_ca(shape.ca, at / "ca"),
        tls=UpstreamTls(certificate, secret, shape.server_name, shape.min_tls_version),
        place=at.place,
    )


def _check(url: str, shape: RemoteShape, at: At, key: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "http" and not shape.plain_http:
        hint = "write `https://`; or `plain_http: true` for something on this machine"
        (at / key).report("url-plain", "over plain HTTP anybody on the way could answer", hint)
    elif parts.scheme == "http" and not _may_be_local(parts.hostname or ""):
        hint = "write `https://`, or the URL of something on this machine"
        (at / key).report("url-plain", "plain HTTP is for the gateway's own machine only", hint)
    elif not (shape.private or shape.plain_http) and _is_private(parts.hostname or ""):
        hint = "add `private: true` if that is meant"
        (at / key).report("address-private", "this address is not public, and is not asked unless that is said", hint)
    if shape.timeout > _LONGEST_MS:
        (at / "timeout").report("duration-invalid", "an answer is waited for at most `60s`", "write `5s`")


def _is_private(host: str) -> bool:
    """Whether a host is an address of a private network or of this machine; where a name leads is seen when asked."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or any(address in network for network in _PRIVATE)


def _may_be_local(host: str) -> bool:
    """Whether a host may be this machine; where a name really leads, the gateway sees when it asks."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True

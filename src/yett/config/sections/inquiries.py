"""What the gateway asks issuers of tokens: their keys, and what a token is worth."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from yett.config.sections.base import At, Shape
from yett.config.sections.remotes import RemoteShape, RemoteUrl, build_remote
from yett.config.sections.scalars import Duration, Host, TlsVersion
from yett.config.sections.secrets import SecretShape, build_secret
from yett.config.sections.upstreams import ClientCertificateShape, read_ca, read_pair
from yett.model.inquiry import ClientAuth, Introspection, KeyFetch
from yett.model.tls import UpstreamTls

_LEAST_REFRESH_MS: Final = 1_000
_LONGEST_MS: Final = 60_000
_LONGEST_CACHE_MS: Final = 3_600_000


class RefreshShape(Shape):
    """How often keys are fetched, and how long they are used."""

    min: Duration = 30_000
    """Least time between two fetches, whatever keys tokens name; at least 1s."""
    max: Duration = 3_600_000
    """Most time between two fetches, whatever the answer says of its lifetime."""
    max_stale: Duration = 86_400_000
    """How long keys are used while no newer ones can be fetched."""


class KeyFetchShape(Shape):
    """How the keys of an issuer are fetched: never after a redirect."""

    metadata: Literal["openid", "oauth"] = "openid"
    """With `discovery`: whether the metadata are where OpenID Connect Discovery has them, or RFC 8414."""
    refresh: RefreshShape = RefreshShape()
    """How often the keys are fetched, and how long they are used."""
    private: bool = False
    """Whether they may be at a private address or on the gateway's own machine. Addresses where clouds serve secrets
    to their machines (`169.254.169.254`) are never asked."""
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


class IntrospectionShape(RemoteShape):
    """Where an issuer says what a token is worth (RFC 7662)."""

    url: RemoteUrl
    """The introspection endpoint."""
    client_id: Annotated[str, Field(min_length=1, max_length=256)]
    """Who the gateway is to the issuer."""
    client_secret: SecretShape
    """What it proves that with. It is in no snapshot."""
    client_auth: ClientAuth = "basic"
    """How it proves that: by HTTP `basic` authentication, or by `post` in the body."""
    cache: Duration | Literal["off"] = 30_000
    """How long what was said of a token holds, and at most until it expires: so long a token that was taken back may
    still be used. At most 1h."""
    stale_if_error: Duration | None = None
    """How much longer it holds if the issuer says nothing; absent means that tokens are refused then."""


def oauth_metadata_url(issuer: str) -> str:
    """Where RFC 8414 (section 3) has the metadata of an issuer: before the path of its URL."""
    scheme, _, rest = issuer.partition("://")
    host, _, path = rest.partition("/")
    path = path.rstrip("/")
    return f"{scheme}://{host}/.well-known/oauth-authorization-server{f'/{path}' if path else ''}"


def build_key_fetch(shape: KeyFetchShape, issuer: str, at: At) -> KeyFetch:
    """How the keys of `issuer` are fetched, as it stands at `at`."""
    refresh = shape.refresh
    if not _LEAST_REFRESH_MS <= refresh.min <= refresh.max:
        (at / "refresh").report("duration-invalid", "`min` is at least `1s`, and `max` no less than it", "write `30s`")
    if shape.timeout > _LONGEST_MS:
        (at / "timeout").report("duration-invalid", "an answer is waited for at most `60s`", "write `5s`")
    certificate, secret = read_pair(shape.client_certificate, at / "client_certificate")
    return KeyFetch(
        metadata_url=oauth_metadata_url(issuer) if shape.metadata == "oauth" else None,
        private=shape.private,
        ca_pem=read_ca(shape.ca, at / "ca"),
        tls=UpstreamTls(certificate, secret, shape.server_name, shape.min_tls_version),
        timeout_ms=shape.timeout,
        min_refresh_ms=refresh.min,
        max_refresh_ms=refresh.max,
        max_stale_ms=refresh.max_stale,
    )


def build_introspection(shape: IntrospectionShape, at: At) -> Introspection:
    """The introspection that stands at `at`."""
    cache = 0 if shape.cache == "off" else shape.cache
    for name, held in (("cache", cache), ("stale_if_error", shape.stale_if_error or 0)):
        if held > _LONGEST_CACHE_MS:
            (at / name).report("duration-invalid", "what was said of a token holds for at most `1h`", "write `30s`")
    return Introspection(
        remote=build_remote(shape.url, shape, at),
        client_id=shape.client_id,
        client_secret=build_secret(shape.client_secret, at / "client_secret"),
        client_auth=shape.client_auth,
        cache_ms=cache,
        stale_ms=shape.stale_if_error or 0,
        place=at.place,
    )

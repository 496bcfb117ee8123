"""How an API is exposed: what is written anew on the way to the upstream, and on the way back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from yett.model.place import NOWHERE, Place
from yett.model.secret import SecretReference

ForwardedFields = Literal["x-forwarded", "rfc7239", "both", "none"]
"""Which fields tell the upstream where a request came from."""

SecureCookies = Literal["tls", "always", "keep"]
"""When `Secure` is added to a cookie: on TLS, always, or as the upstream says."""

SameSite = Literal["strict", "lax"]
"""`SameSite` of cookies that have none."""

AcceptTraces = Literal["trusted", "any", "none"]
"""Whose traces go on."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Paths of the contract that have another name at the upstream; both end in `/*` or neither does."""

    source: str
    target: str
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Redirect:
    """An old path that the gateway answers itself."""

    source: str
    target: str
    status: int = 308
    keep_query: bool = True
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class HeaderRules:
    """Rules for header fields in one direction; `allow` of `None` lets all pass. Names are in lower case."""

    allow: tuple[str, ...] | None = None
    remove: tuple[str, ...] = ()
    set: tuple[tuple[str, str], ...] = ()
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Cookies:
    """Attributes of the cookies that the upstream sets; those named in `exceptions` get none."""

    secure: SecureCookies = "tls"
    http_only: bool = True
    same_site: SameSite | None = "lax"
    exceptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Protection:
    """Fields that protect the reader of an answer; `None` leaves one out. `replace` puts them over the upstream's."""

    content_security_policy: str | None = "default-src 'none'; frame-ancestors 'none'"
    referrer_policy: str | None = "no-referrer"
    cross_origin_resource_policy: str | None = "same-origin"
    permissions_policy: str | None = None
    frame_options: str | None = None
    no_store: bool = True
    replace: bool = False


@dataclass(frozen=True, slots=True)
class UpstreamIdentity:
    """A signed token that tells the upstream who calls."""

    audience: str
    lifetime_s: int = 60
    header: str = "yett-identity"
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Proxy:
    """How an API is exposed. `replaced_errors` are statuses such as `5XX` whose undescribed bodies do not pass."""

    strip_base_path: bool = True
    rewrites: tuple[Rewrite, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    request_headers: HeaderRules = HeaderRules()
    response_headers: HeaderRules = HeaderRules()
    cookies: Cookies = Cookies()
    forwarded: ForwardedFields = "x-forwarded"
    security_headers: bool = True
    protection: Protection = Protection()
    replaced_errors: tuple[str, ...] = ("5XX",)
    upstream_identity: UpstreamIdentity | None = None


@dataclass(frozen=True, slots=True)
class Tracing:
    """W3C trace context: whose traces go on, and how many in a hundred of those that begin here are sampled."""

    accept: AcceptTraces = "trusted"
    sample_percent: int = 100


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs the tokens for upstreams.

    `jwks` is the public path of the key set, `None` for the telemetry listener only; `key` of `None` is the default
    file; `previous_key` is one that is being replaced: it signs nothing, but its tokens stay good.
    """

    issuer: str
    jwks: str | None = None
    key: SecretReference | None = None
    previous_key: SecretReference | None = None
    place: Place = field(default=NOWHERE, compare=False, repr=False)

"""How an API is exposed: paths, redirects, header fields, cookies, errors; and the gateway's own part in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from yett.config.sections.base import At, Shape
from yett.config.sections.cross_site import CookieName
from yett.config.sections.exposure import (
    ErrorStatus,
    FieldName,
    FieldText,
    FieldValue,
    PathTemplate,
    PlainPath,
    RedirectTarget,
    may_be_secret,
)
from yett.config.sections.scalars import Duration
from yett.config.sections.secrets import SecretShape, build_secret
from yett.model.proxy import (
    AcceptTraces,
    Cookies,
    HeaderRules,
    Issuer,
    Protection,
    Proxy,
    Redirect,
    Rewrite,
    SameSite,
    SecureCookies,
    Tracing,
    UpstreamIdentity,
)

if TYPE_CHECKING:
    from yett.config.sections.apis import ApiShape


class RewriteShape(Shape):
    """Paths of the contract that have another name at the upstream."""

    from_: Annotated[PathTemplate, Field(alias="from")]
    """Path of the contract, such as `/books/{id}`; or `/books/*` for all below."""
    to: PathTemplate
    """Its name at the upstream, with parameters of `from`; ends in `/*` where `from` does."""


class RedirectShape(Shape):
    """An old path that the gateway answers itself."""

    from_: Annotated[PathTemplate, Field(alias="from")]
    """Old path below the base path; one that the contract has cannot be redirected."""
    to: RedirectTarget
    """Path below the base path, or `https://` with a public host of an API and a path; with parameters of `from`."""
    status: Literal[301, 302, 303, 307, 308] = 308
    """The first three answer GET and HEAD only, since callers would turn other methods into GET."""
    keep_query: bool = True
    """Whether the query goes along; credentials in it never do."""


class HeaderRulesShape(Shape):
    """Rules for header fields in one direction, applied in this order."""

    allow: list[FieldName] | None = None
    """Only these pass, besides a small core without which the message would not be understood; absent means all."""
    remove: list[FieldName] = Field(default_factory=list)
    """Fields that are taken off."""
    set: dict[FieldName, FieldText] = Field(default_factory=dict)
    """Fields that replace whatever was there; values may hold `${app}`, `${team}`, `${api}`, `${operation}`,
    `${decision}`, `${address}` and `${host}`. One that speaks of something unknown is taken off."""


class HeadersShape(Shape):
    """Rules for header fields, both ways."""

    request: HeaderRulesShape = HeaderRulesShape()
    """Of requests, on their way to the upstream."""
    response: HeaderRulesShape = HeaderRulesShape()
    """Of the upstream's answers."""


class CookiesShape(Shape):
    """Attributes of the cookies that the upstream sets."""

    secure: SecureCookies = "tls"
    """Add `Secure` when the caller came over TLS, always, or never."""
    http_only: bool = True
    """Add `HttpOnly`, so that no script can read them."""
    same_site: SameSite | Literal["keep"] = "lax"
    """Add `SameSite` to those that have none; `keep` adds none."""
    exceptions: list[CookieName] = Field(default_factory=list, max_length=1_000)
    """Names of cookies that get none of these."""


class SecurityHeadersShape(Shape):
    """Fields that protect the reader of an answer; `off` leaves one out. `X-Content-Type-Options` always comes."""

    content_security_policy: FieldValue = "default-src 'none'; frame-ancestors 'none'"
    """`Content-Security-Policy`: nothing in an answer is run or framed, even if somebody opens it as a page."""
    referrer_policy: FieldValue = "no-referrer"
    """`Referrer-Policy`."""
    cross_origin_resource_policy: Literal["same-origin", "same-site", "cross-origin", "off"] = "same-origin"
    """`Cross-Origin-Resource-Policy`: which pages may embed an answer, as an image for example."""
    permissions_policy: FieldValue = "off"
    """`Permissions-Policy`, where answers are pages."""
    frame_options: Literal["DENY", "SAMEORIGIN", "off"] = "off"
    """`X-Frame-Options`, for browsers that do not know `frame-ancestors`."""
    no_store: bool = True
    """Answers to known callers are not kept, unless the upstream or the operation's `cache` says how they may be."""
    replace: bool = False
    """Put these in the place of what the upstream says; otherwise they are put on where it says nothing."""


class ErrorsShape(Shape):
    """Error answers of the upstream."""

    replace: list[ErrorStatus] = Field(default_factory=lambda: ["5XX"])
    """Statuses (`503`, `4XX`, `5XX`) whose body is replaced by a problem of the gateway's, unless the contract has a
    schema for it and it fits; `[]` lets all pass."""


class UpstreamIdentityShape(Shape):
    """A signed token that tells the upstream who calls."""

    audience: Annotated[str, Field(min_length=1, max_length=256)]
    """Claim `aud`, by which the upstream knows that it is meant."""
    lifetime: Duration = 60_000
    """How long a token is good; it is used again for half of it. At most 1h."""
    header: FieldName = "yett-identity"
    """Header field that carries it: its name begins with `yett-` or `x-`, or is `authorization`."""


class TracingShape(Shape):
    """W3C trace context."""

    accept: AcceptTraces = "trusted"
    """Whose traces go on: those that come through a trusted proxy, everybody's or nobody's. Others begin anew."""
    sample_percent: Annotated[int, Field(ge=0, le=100)] = 100
    """Of traces that begin here, how many in a hundred are marked as sampled."""


class IssuerShape(Shape):
    """Who signs the tokens for upstreams."""

    issuer: Annotated[str, Field(min_length=1, max_length=256)]
    """Claim `iss`, such as `https://gateway.example.com`."""
    jwks: PlainPath | Literal["off"] = "off"
    """Public path of the key set, such as `/.well-known/jwks.json`. The telemetry listener has it anyway."""
    key: SecretShape | None = None
    """Ed25519 private key in PEM; absent means the file `.yett/identity-key.pem`, which is made at the first start."""
    previous_key: SecretShape | None = None
    """A key that is being replaced: it signs nothing any more, but stays in the key set."""


def build_proxy(shape: ApiShape, at: At) -> Proxy:
    """How the API that stands at `at` is exposed."""
    return Proxy(
        strip_base_path=shape.strip_base_path,
        rewrites=tuple(
            Rewrite(one.from_, one.to, (at / "rewrite" / index).place) for index, one in enumerate(shape.rewrite)
        ),
        redirects=tuple(
            Redirect(one.from_, one.to, one.status, one.keep_query, (at / "redirects" / index).place)
            for index, one in enumerate(shape.redirects)
        ),
        request_headers=_build_rules(shape.headers.request, at / "headers" / "request"),
        response_headers=_build_rules(shape.headers.response, at / "headers" / "response"),
        cookies=Cookies(
            shape.cookies.secure,
            shape.cookies.http_only,
            None if shape.cookies.same_site == "keep" else shape.cookies.same_site,
            tuple(dict.fromkeys(shape.cookies.exceptions)),
        ),
        forwarded=shape.forwarded,
        security_headers=shape.security_headers is not False,
        protection=_build_protection(shape.security_headers),
        replaced_errors=tuple(dict.fromkeys(shape.errors.replace)),
        upstream_identity=_build_identity(shape.upstream_identity, at / "upstream_identity"),
    )


def _build_rules(shape: HeaderRulesShape, at: At) -> HeaderRules:
    for name, text in shape.set.items():
        if may_be_secret(name, text):
            hint = "the snapshot would hold it in the clear: let the upstream trust the gateway by `upstream_identity`"
            (at / "set" / name).report("secret-literal", f"`{name}` looks like a credential", hint)
    allow = None if shape.allow is None else tuple(dict.fromkeys(shape.allow))
    return HeaderRules(allow, tuple(dict.fromkeys(shape.remove)), tuple(shape.set.items()), at.place)


def _build_identity(shape: UpstreamIdentityShape | None, at: At) -> UpstreamIdentity | None:
    if shape is None:
        return None
    if not 2_000 <= shape.lifetime <= 3_600_000:
        (at / "lifetime").report("duration-invalid", "a token is good for `2s` to `1h`", "write `60s`")
    return UpstreamIdentity(shape.audience, max(2, shape.lifetime // 1_000), shape.header, at.place)


def _build_protection(shape: bool | SecurityHeadersShape) -> Protection:
    match shape:
        case SecurityHeadersShape():
            return Protection(
                content_security_policy=_unless_off(shape.content_security_policy),
                referrer_policy=_unless_off(shape.referrer_policy),
                cross_origin_resource_policy=_unless_off(shape.cross_origin_resource_policy),
                permissions_policy=_unless_off(shape.permissions_policy),
                frame_options=_unless_off(shape.frame_options),
                no_store=shape.no_store,
                replace=shape.replace,
            )
        case _:
            return Protection()


def _unless_off(text: str) -> str | None:
    return None if text == "off" else text


def build_tracing(shape: TracingShape) -> Tracing:
    """The settings of tracing."""
    return Tracing(shape.accept, shape.sample_percent)


def build_issuer(shape: IssuerShape, at: At) -> Issuer:
    """The issuer that stands at `at`."""
    return Issuer(
        issuer=shape.issuer,
        jwks=None if shape.jwks == "off" else shape.jwks,
        key=None if shape.key is None else build_secret(shape.key, at / "key"),
        previous_key=None if shape.previous_key is None else build_secret(shape.previous_key, at / "previous_key"),
        place=at.place,
    )

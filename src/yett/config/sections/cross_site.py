"""`guards.cors` and `guards.csrf`: pages of other origins."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema

from yett.config.sections.base import At, Shape
from yett.config.sections.exposure import FieldName
from yett.config.sections.scalars import Duration, mistake, origin
from yett.model.cross_site import CorsGuard, CsrfGuard, CsrfToken, Foreign
from yett.model.mode import Mode

_COOKIE: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_HOST_COOKIE: Final = re.compile(r"__Host-[A-Za-z0-9._-]{1,64}")
_MOST_LIFETIME_MS: Final = 24 * 3_600_000


def _origin_pattern(text: str) -> str:
    scheme, _, rest = text.partition("://")
    if not rest.startswith("*."):
        if "*" in text:
            raise mistake(
                "origin-invalid", "a `*` stands for the first label of a host", "write `https://*.example.org`"
            )
        return origin(text)
    below = origin(f"{scheme}://{rest.removeprefix('*.')}")
    scheme, _, rest = below.partition("://")
    if "." not in rest:
        raise mistake(
            "origin-invalid", "names below a whole top-level domain are everybody's", "write `https://*.example.org`"
        )
    return f"{scheme}://*.{rest}"


def _origin_or_all(text: str) -> str:
    return text if text == "*" else _origin_pattern(text)


OriginPattern = Annotated[str, AfterValidator(_origin_pattern), WithJsonSchema(
    {"type": "string", "examples": ["https://app.example", "https://*.example.org"]}
)]  # fmt: skip
"""The origin of a web page, or those of one label more: `https://*.example.org`."""

OriginOrAll = Annotated[str, AfterValidator(_origin_or_all), WithJsonSchema(
    {"type": "string", "examples": ["https://app.example", "https://*.example.org", "*"]}
)]  # fmt: skip
"""The same, or `*` for every origin."""


def _cookie(text: str) -> str:
    if not _COOKIE.fullmatch(text):
        raise mistake("cookie-invalid", "a cookie's name is letters, digits and `-`", "write `session`")
    return text


CookieName = Annotated[str, AfterValidator(_cookie), WithJsonSchema({"type": "string", "examples": ["session"]})]
"""The name of a cookie."""


def _host_cookie(text: str) -> str:
    if not _HOST_COOKIE.fullmatch(text):
        raise mistake(
            "cookie-invalid",
            "the token's cookie begins with `__Host-`, so that no other host can set it",
            "write `__Host-yett-csrf`",
        )
    return text


HostCookie = Annotated[str, AfterValidator(_host_cookie), WithJsonSchema(
    {"type": "string", "pattern": f"^{_HOST_COOKIE.pattern}$", "examples": ["__Host-yett-csrf"]}
)]  # fmt: skip
"""The name of a cookie that browsers take from its own host only."""


class CorsGuardShape(Shape):
    """Which pages of other origins may read answers. The methods and header fields they may use are the contract's."""

    mode: Mode = "enforce"
    """What to do with requests that `foreign` refuses. With `off` the upstream speaks to browsers for itself."""
    origins: list[OriginOrAll] = Field(default_factory=list, max_length=1_000)
    """Origins whose pages may read answers: exact ones, `https://*.example.org` for one label more, or `*` alone. None
    means that no page of another origin may, whatever the upstream says."""
    headers: list[FieldName] = Field(default_factory=list, max_length=100)
    """Header fields that pages may send besides those of the contract and those that carry credentials."""
    expose: list[FieldName] = Field(default_factory=list, max_length=100)
    """Header fields of answers that pages may read."""
    credentials: bool = False
    """Whether browsers may send cookies and the like along; not with `*`."""
    max_age: Duration = 600_000
    """How long browsers may keep what they were told."""
    private_network: bool = False
    """Whether pages of the public network may call a gateway in a private one."""
    foreign: Foreign = "refuse-credentials"
    """Where origins are named, what happens to requests of pages of others: they pass (the browser keeps the answer
    from the page), are refused if they carry cookies, `Authorization` or a certificate, or are refused."""


class CsrfTokenShape(Shape):
    """A signed token in a cookie of the gateway's and, sent back by a page, in a header field."""

    cookie: HostCookie = "__Host-yett-csrf"
    """Cookie in which the gateway gives the token out, on answers to `GET`."""
    header: FieldName = "x-csrf-token"
    """Header field in which pages send it back."""
    lifetime: Duration = 7_200_000
    """How long a token is good; a new one is given out when half of it is over. From 1m to 24h."""


class CsrfGuardShape(Shape):
    """Refuses requests that a page of another site made a browser send with its user's session."""

    mode: Mode = "enforce"
    """What to do with forged requests."""
    cookies: list[CookieName] = Field(default_factory=list, max_length=100)
    """Cookies that tell the upstream who calls; none means any cookie."""
    origins: list[OriginPattern] = Field(default_factory=list, max_length=1_000)
    """Origins whose pages may send requests besides the host's own, and those of `cors` with `credentials`."""
    token: Annotated[
        Annotated[bool, Tag("<switch>")] | Annotated[CsrfTokenShape, Tag("<settings>")],
        Discriminator(lambda value: "<switch>" if isinstance(value, bool) else "<settings>"),
    ] = False  # fmt: skip
    """Ask for a signed token besides; needs `cookies`, and HTTPS."""


def build_cors(shape: CorsGuardShape, at: At) -> CorsGuard:
    """The guard whose settings stand at `at`."""
    if "*" in shape.origins:
        if shape.credentials:
            (at / "credentials").report(
                "cors-credentials-for-all",
                "every page of the web could read answers with its user's credentials",
                "name the origins, or take `credentials` away",
            )
        if len(shape.origins) > 1:
            (at / "origins").report("origin-invalid", "`*` is every origin, so that it stands alone", 'write `["*"]`')
    return CorsGuard(
        mode=shape.mode,
        origins=tuple(dict.fromkeys(shape.origins)),
        headers=tuple(dict.fromkeys(shape.headers)),
        expose=tuple(dict.fromkeys(shape.expose)),
        credentials=shape.credentials,
        max_age_s=shape.max_age // 1_000,
        private_network=shape.private_network,
        foreign=shape.foreign,
    )


def build_csrf(shape: CsrfGuardShape | None, at: At) -> CsrfGuard | None:
    """The guard whose settings stand at `at`, if there are any."""
    if shape is None:
        return None
    return CsrfGuard(
        mode=shape.mode,
        cookies=tuple(dict.fromkeys(shape.cookies)),
        origins=tuple(dict.fromkeys(shape.origins)),
        token=_build_token(shape, at / "token"),
    )


def _build_token(shape: CsrfGuardShape, at: At) -> CsrfToken | None:
    token = CsrfTokenShape() if shape.token is True else shape.token
    if token is False:
        return None
    if not shape.cookies:
        at.report(
            "csrf-token-invalid", "a token belongs to a session", "name the session's cookies: `cookies: [session]`"
        )
    if not 60_000 <= token.lifetime <= _MOST_LIFETIME_MS:
        (at / "lifetime").report("duration-invalid", "a token is good for 1m to 24h", "write `2h`")
    return CsrfToken(token.cookie, token.header, token.lifetime // 1_000)

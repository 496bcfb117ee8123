"""`tokens`: the token endpoint for machine clients, and `clients` of apps."""

from __future__ import annotations

import ipaddress
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema

from yett.access.keys import is_hash
from yett.config.sections.base import At, Shape, key_of
from yett.config.sections.inquiries import KeyFetchShape, build_key_fetch
from yett.config.sections.issuers import is_loopback
from yett.config.sections.limits import LimitShape, build_limits
from yett.config.sections.scalars import BasePath, Duration, Expiry, Host, Name, mistake
from yett.config.sections.secrets import EnvShape, FileShape, SecretShape, build_secret
from yett.model.issuer import FetchedKeys
from yett.model.place import Reference
from yett.model.tokens import (
    DEFAULT_TOKEN_LIMITS,
    MAX_LIFETIME_S,
    ClientSecret,
    Exchange,
    HashedSecret,
    SubjectIssuer,
    TokenClient,
    TokenSettings,
)

_KINDS = {"env": "<env>", "file": "<file>", "hash": "<hash>"}
_ISSUER_HINT = "write `https://api.example.com`; plain `http` is for 127.0.0.1 and localhost only"


def _issuer(text: str) -> str:
    try:
        parts = urlsplit(text)
        fits = parts.port is None or parts.port > 0
    except ValueError:
        fits = False
    plain = not any(character <= " " or character in '"<>\\^`{|}?#' for character in text) and text.isascii()
    if not fits or not plain or not parts.hostname or parts.username is not None or text.endswith("/"):
        raise mistake("issuer-invalid", "an issuer is an https URL without query or slash at its end", _ISSUER_HINT)
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise mistake("issuer-invalid", "an issuer is an https URL", _ISSUER_HINT)
    return text


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


Issuer = Annotated[str, AfterValidator(_issuer), Field(max_length=256), WithJsonSchema(
    {"type": "string", "format": "uri", "maxLength": 256, "examples": ["https://api.example.com"]}
)]  # fmt: skip
"""The name of an issuer of tokens (RFC 8414 section 2)."""


def _hash(text: str) -> str:
    if is_hash(text):
        return text
    raise mistake(
        "hash-invalid", "the hash of a secret is 64 lower-case hex digits", "`yett client new` prints the whole line"
    )


def _lifetime(milliseconds: int) -> int:
    if milliseconds % 1000 or milliseconds > MAX_LIFETIME_S * 1000:
        raise mistake("out-of-range", "a token lives for whole seconds, up to 1h", "write `5m`")
    return milliseconds


class _SecretTerms(Shape):
    """What any secret may say about itself."""

    expires: Expiry | None = None
    """Date, or date with time, from which the secret is refused."""


class EnvSecretShape(EnvShape, _SecretTerms):
    """A secret in an environment variable."""


class FileSecretShape(FileShape, _SecretTerms):
    """A secret in a file."""


class HashedSecretShape(_SecretTerms):
    """A secret that only its holder knows: `yett client new` prints this line."""

    hash: Annotated[str, AfterValidator(_hash), WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{64}$"})]
    """Keyed hash of the secret."""


ClientSecretShape = Annotated[
    Annotated[EnvSecretShape, Tag("<env>")]
    | Annotated[FileSecretShape, Tag("<file>")]
    | Annotated[HashedSecretShape, Tag("<hash>")],
    Discriminator(
        lambda value: key_of(value, _KINDS),
        custom_error_type="secret-literal",
        custom_error_message="a secret is named, never written: `env: NAME`, `file: PATH`, or `hash`",
    ),
]
"""One secret of a client."""


class ClientShape(Shape):
    """How the app gets tokens from the token endpoint. Needs `secrets` or `jwks`."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
    """`client_id`, one of a kind among all apps."""
    secrets: Annotated[list[ClientSecretShape], Field(default_factory=list, max_length=8)]
    """Its secrets: two while one is being replaced."""
    jwks: Annotated[str, Field(min_length=1)] | None = None
    """Path of a JWK set, relative to this file: the public keys that its assertions (`private_key_jwt`) are signed
    with."""
    profiles: list[Name] | None = None
    """The subset of the app's profiles that its tokens may carry; absent means all of them."""
    introspect: bool = False
    """Whether it may ask about the tokens of others, as an owner of resources does."""


class SubjectIssuerShape(Shape):
    """An issuer whose tokens say who a user is."""

    issuer: Issuer
    """Claim `iss` of its tokens."""
    jwks: Annotated[str, Field(min_length=1)] | None = None
    """Its JWK set: a path relative to this file, or a URL (https) from which the gateway fetches it. Needed unless
    `discovery`."""
    discovery: bool = False
    """Fetch the issuer's metadata (OpenID Connect Discovery 1.0, RFC 8414), and the keys from where they say."""
    fetch: KeyFetchShape | None = None
    """How its keys are fetched."""
    insecure_loopback: bool = False
    """Take URLs with plain `http` on this machine: for trials."""
    audience: Annotated[str, Field(min_length=1, max_length=256)]
    """What its tokens must name in `aud`: one that was meant for somebody else is not taken."""


class ExchangeShape(Shape):
    """Whom a client may act for."""

    client: Annotated[str, Field(min_length=1, max_length=80)]
    """`id` of the client that acts."""
    subjects: Annotated[list[Annotated[str, Field(min_length=1, max_length=256)]], Field(min_length=1)] | None = None
    """Values of `sub` it may act for; `*` stands for any characters. Absent means only those whose token names the
    client in `may_act`."""
    issuers: Annotated[list[Issuer], Field(min_length=1)] | None = None
    """Issuers whose tokens it may bring; absent means all of `subject_issuers`, and the endpoint itself."""
    profiles: list[Name] | None = None
    """The subset of the client's profiles that tokens for others may carry; absent means all of them."""


class TokensShape(Shape):
    """The token endpoint for machine clients."""

    issuer: Issuer
    """Claim `iss`: the public address of the endpoint, by https."""
    audience: (
        Annotated[str, Field(min_length=1, max_length=256)]
        | Annotated[list[Annotated[str, Field(min_length=1, max_length=256)]], Field(min_length=1, max_length=32)]
    )
    """What tokens are for (claim `aud`), or several: a client may ask for one of them, and gets the first otherwise."""
    base_path: BasePath = "/oauth"
    """Public base path of `token`, `jwks`, `revoke` and `introspect`."""
    hosts: list[Host] = Field(default_factory=list)
    """Public hosts of the endpoint; none means any."""
    lifetime: Annotated[Duration, AfterValidator(_lifetime)] = 300_000
    """How long a token is good; at most 1h."""
    keys: Annotated[list[SecretShape], Field(default_factory=list, max_length=8)]
    """Private keys in PEM: the first signs, all are published, so that the next one is known before it signs. Absent
    means the file `.yett/tokens-key.pem`, which is made at the first start."""
    dpop_nonce: bool = False
    """Whether a DPoP proof must hold a nonce of ours (RFC 9449 section 8), so that none can be made in advance. It
    costs a client one more request every few minutes."""
    require_binding: bool = False
    """Issue tokens only to callers that prove possession of a key: by DPoP, or by a client certificate."""
    subject_issuers: Annotated[list[SubjectIssuerShape], Field(default_factory=list, max_length=64)]
    """Others whose tokens may be exchanged."""
    exchange: Annotated[list[ExchangeShape], Field(default_factory=list, max_length=1000)]
    """Which clients may act for whom (RFC 8693)."""
    limits: list[LimitShape] | None = None
    """Limits on the endpoint. Absent means 20 requests a second, 60 at once, for each address; `[]` lifts them."""


def build_client(shape: ClientShape, at: At) -> TokenClient:
    """The client that stands at `at`."""
    if not shape.secrets and shape.jwks is None:
        at.report("client-unprovable", f"the client `{shape.id}` has no way to prove itself", "add `secrets` or `jwks`")
    return TokenClient(
        id=shape.id,
        secrets=tuple(_build_secret(one, at / "secrets" / index) for index, one in enumerate(shape.secrets)),
        jwks=None if shape.jwks is None else at.path(shape.jwks),
        profiles=None if shape.profiles is None else (at / "profiles").references(shape.profiles),
        introspect=shape.introspect,
        place=at.place,
        jwks_place=(at / "jwks").place,
    )


def _build_secret(shape: EnvSecretShape | FileSecretShape | HashedSecretShape, at: At) -> ClientSecret:
    source = HashedSecret(shape.hash) if isinstance(shape, HashedSecretShape) else build_secret(shape, at)
    return ClientSecret(source, shape.expires, at.place)


def build_tokens(shape: TokensShape, at: At) -> TokenSettings:
    """The settings that stand at `at`."""
    audiences = [shape.audience] if isinstance(shape.audience, str) else shape.audience
    return TokenSettings(
        issuer=shape.issuer,
        audiences=tuple(dict.fromkeys(audiences)),
        base_path=shape.base_path,
        hosts=tuple(dict.fromkeys(shape.hosts)),
        lifetime_s=shape.lifetime // 1000,
        keys=tuple(build_secret(one, at / "keys" / index) for index, one in enumerate(shape.keys)),
        require_binding=shape.require_binding,
        dpop_nonce=shape.dpop_nonce,
        subject_issuers=tuple(
            _build_subject_issuer(one, at / "subject_issuers" / index)
            for index, one in enumerate(shape.subject_issuers)
        ),
        exchange=tuple(_build_exchange(one, at / "exchange" / index) for index, one in enumerate(shape.exchange)),
        limits=DEFAULT_TOKEN_LIMITS if shape.limits is None else build_limits(shape.limits, at / "limits"),
        place=at.place,
    )


def _build_subject_issuer(shape: SubjectIssuerShape, at: At) -> SubjectIssuer:
    spot, url = at / "jwks", shape.jwks if shape.jwks is not None and "://" in shape.jwks else None
    if (shape.jwks is None) is not shape.discovery:
        spot.report("issuer-keys", "an issuer has one of `jwks` and `discovery`", "write `discovery: true`")
    if shape.jwks is not None and url is None:
        if shape.fetch is not None:
            (at / "fetch").report("fetch-unused", "no keys of this issuer are fetched", "write `jwks: https://...`")
        return SubjectIssuer(shape.issuer, at.path(shape.jwks), shape.audience, place=spot.place)
    asked = url or shape.issuer
    if not asked.startswith("https:") and not (is_loopback(asked) and asked.startswith("http:")):
        spot.report("url-plain", "over anything but https anybody on the way could give us keys", "write `https://`")
    elif not asked.startswith("https:") and not shape.insecure_loopback:
        hint = "for a trial on this machine: `insecure_loopback: true`"
        spot.report("url-plain", "keys come by https", hint)
    fetch = None if shape.fetch is None else build_key_fetch(shape.fetch, shape.issuer, at / "fetch")
    return SubjectIssuer(shape.issuer, None, shape.audience, FetchedKeys(url), fetch, spot.place)


def _build_exchange(shape: ExchangeShape, at: At) -> Exchange:
    return Exchange(
        client=Reference(shape.client, (at / "client").place),
        subjects=None if shape.subjects is None else tuple(shape.subjects),
        issuers=None if shape.issuers is None else tuple(shape.issuers),
        profiles=None if shape.profiles is None else (at / "profiles").references(shape.profiles),
        place=at.place,
    )

"""`issuers`: whose tokens are accepted, and what they are worth."""

from __future__ import annotations

import ipaddress
import json
from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from yett.config.sections.base import At, Shape
from yett.config.sections.inquiries import (
    IntrospectionShape,
    KeyFetchShape,
    build_introspection,
    build_key_fetch,
)
from yett.config.sections.scalars import Duration, Name, mistake
from yett.config.sections.secrets import SecretShape, build_secret
from yett.model.issuer import (
    AppFrom,
    Bound,
    FetchedKeys,
    GivenKeys,
    Issuer,
    ProfilesFrom,
    SharedSecret,
    TokenAlgorithm,
    UsersOf,
)
from yett.model.place import Reference

_HINT: Final = "write `https://id.example.com`"
_LONGEST_LEEWAY_MS: Final = 300_000


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        fits = (parts.port is None or parts.port > 0) and parts.username is None and parts.password is None
    except ValueError:
        raise mistake("url-invalid", "this is not a URL", _HINT) from None
    odd = any(character <= " " or character in '"<>\\^`{|}#' for character in text)
    if parts.scheme not in ("http", "https") or not parts.hostname or not fits or odd or not text.isascii():
        raise mistake("url-invalid", "this is a URL with https and a host, without user name or fragment", _HINT)
    return text


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine, as far as can be told without asking anybody."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


Url = Annotated[str, AfterValidator(_url), WithJsonSchema({"type": "string", "format": "uri", "pattern": "^https?://"})]
"""A URL of an issuer."""

Text = Annotated[str, Field(min_length=1, max_length=256)]
"""A short text."""


def _claim_value(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    raise mistake(
        "claim-invalid", "a required value is a text, a number, true, false or null", "`null` accepts any value"
    )


ClaimValue = Annotated[
    Any, AfterValidator(_claim_value), WithJsonSchema({"type": ["string", "number", "boolean", "null"]})
]
"""What a claim must be."""


class KeyFileShape(Shape):
    """A file with a JWK Set."""

    file: Text
    """Path of a JWK Set (RFC 7517), relative to this file. Its public keys become part of the snapshot."""


class AppFromShape(Shape):
    """Which app a token stands for, by one of its claims."""

    claim: Text
    """Name of the claim, such as `client_id` or `azp`."""
    map: dict[Text, Name] | None = None
    """App by value of the claim. Absent means that the values are ids of `clients` of apps. A value that is not there
    is refused: what an issuer calls its clients is never taken for the name of an app."""


class UsersOfShape(Shape):
    """Others whose word on users an issuer passes on, as the tokens of an exchange do."""

    claim: Text
    """Claim with the `iss` of whoever knows the user, such as `sub_iss`; without it the user is the issuer's own."""
    issuers: Annotated[list[Url], Field(min_length=1)]
    """`iss` of each of them; a token that names another one is refused."""


class ProfilesFromShape(Shape):
    """Which profiles a token carries, by one of its claims."""

    claim: Text
    """Name of the claim: a list, or words with spaces between them, as in `scope`."""
    map: Annotated[dict[Text, Name | list[Name]], Field(min_length=1)]
    """Profile, or several, by value of the claim. Other values give nothing."""


def _jwks_kind(value: object) -> str:
    return "<url>" if isinstance(value, str) else "<file>"


def _app_kind(value: object) -> str:
    return "<claim>" if isinstance(value, str) else "<map>"


class IssuerShape(Shape):
    """Somebody whose tokens (JWT, RFC 7519) are accepted."""

    name: Name
    """Name of the issuer, as `identify` refers to it."""
    issuer: Url
    """Claim `iss` of its tokens, character by character."""
    jwks: Annotated[
        Annotated[Url, Tag("<url>")] | Annotated[KeyFileShape, Tag("<file>")], Discriminator(_jwks_kind)
    ] | None = None  # fmt: skip
    """Its public keys: a URL to fetch them from, or a file. Needed unless `discovery` or `secret`."""
    secret: SecretShape | None = None
    """The secret that its tokens are keyed with, where it has no public keys: then `algorithms` has exactly one of
    `HS256` (at least 32 bytes), `HS384` (48) and `HS512` (64). Whoever has it can make tokens. It is in no snapshot."""
    discovery: bool = False
    """Fetch the issuer's metadata (OpenID Connect Discovery 1.0, RFC 8414), and the keys from where they say."""
    fetch: KeyFetchShape | None = None
    """How its keys, or its metadata and then its keys, are fetched."""
    introspection: IntrospectionShape | None = None
    """Where it says what an opaque token is worth; with it, keys may be left out."""
    insecure_loopback: bool = False
    """Take URLs with plain `http` on this machine: for trials."""
    audiences: Annotated[list[Text], Field(min_length=1)]
    """What its tokens must be for (`aud`): one of these."""
    algorithms: list[TokenAlgorithm] = Field(default_factory=list)
    """Algorithms that are accepted; none means all. A key that does not say its algorithm is for `RS256` unless others
    stand here."""
    types: list[Text] = Field(default_factory=list)
    """Types (`typ`) that are accepted; none means `JWT`, `at+jwt`, and tokens that say no type."""
    leeway: Duration = 30_000
    """How much its clock may differ from ours; at most 5m."""
    max_lifetime: Duration | None = None
    """Longest time from `iat` to `exp`."""
    required: dict[Text, ClaimValue] = Field(default_factory=dict)
    """Claims that a token must have: of this value, or a list with it; `null` accepts any value."""
    app: Name | None = None
    """App that every one of its tokens stands for. Needed unless `app_from`."""
    app_from: Annotated[
        Annotated[Text, Tag("<claim>")] | Annotated[AppFromShape, Tag("<map>")], Discriminator(_app_kind)
    ] | None = None  # fmt: skip
    """Claim that says which app a token stands for."""
    user_from: Text | None = "sub"
    """Claim that names the user; `null` if the tokens are of apps alone."""
    users_of: UsersOfShape | None = None
    """Whose users its tokens tell of, where they are not its own."""
    profiles_from: ProfilesFromShape | None = None
    """Which of the app's profiles a token carries; absent means all of them."""
    trusted_to_grant: bool = False
    """Whether tokens may carry profiles that the app does not have. What the app is denied stays denied."""
    bound: Bound = "none"
    """Whether tokens must be bound to a key that the caller proves to have: to a client `certificate` (RFC 8705), to a
    key for `dpop` (RFC 9449), or to `any` of them. A token that is bound must always be proven."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        ways = [self.jwks is not None, self.discovery, self.secret is not None]
        if sum(ways) > 1 or not (any(ways) or self.introspection):
            hint = "write `jwks: https://...`, `jwks: {file: keys.json}` or `discovery: true`"
            raise mistake("issuer-keys", "an issuer has one of `jwks`, `discovery` and `secret`", hint)
        symmetric = [one for one in self.algorithms if one.startswith("HS")]
        if self.secret is None and symmetric:
            hint = "leave it out, or name the `secret` that both sides know"
            raise mistake("algorithm-symmetric", f"`{symmetric[0]}` is for a secret, not for public keys", hint)
        if self.secret is not None and (len(symmetric) != 1 or len(self.algorithms) != 1):
            raise mistake("algorithm-unbound", "a secret is for exactly one algorithm", "write `algorithms: [HS256]`")
        if (self.app is None) is (self.app_from is None):
            raise mistake("issuer-app", "an issuer has one of `app` and `app_from`", "write `app: my-app`")
        return self


def build_issuer(shape: IssuerShape, at: At) -> Issuer:
    """The issuer that stands at `at`."""
    _check_urls(shape, at)
    if shape.leeway > _LONGEST_LEEWAY_MS or shape.leeway % 1000:
        (at / "leeway").report("duration-invalid", "clocks differ by whole seconds, up to 5m", "write `30s`")
    return Issuer(
        name=shape.name,
        issuer=shape.issuer,
        keys=_build_keys(shape, at),
        fetch=None if shape.fetch is None else build_key_fetch(shape.fetch, shape.issuer, at / "fetch"),
        introspection=None
        if shape.introspection is None
        else build_introspection(shape.introspection, at / "introspection"),
        audiences=tuple(dict.fromkeys(shape.audiences)),
        app=_build_app(shape, at),
        algorithms=tuple(dict.fromkeys(shape.algorithms)),
        types=tuple(dict.fromkeys(shape.types)),
        leeway_s=shape.leeway // 1000,
        max_lifetime_s=None if shape.max_lifetime is None else max(1, shape.max_lifetime // 1000),
        required=shape.required,
        user_from=shape.user_from,
        users_of=None
        if shape.users_of is None
        else UsersOf(shape.users_of.claim, tuple(dict.fromkeys(shape.users_of.issuers))),
        profiles_from=None
        if shape.profiles_from is None
        else _build_profiles(shape.profiles_from, at / "profiles_from"),
        trusted_to_grant=shape.trusted_to_grant,
        bound=shape.bound,
        place=at.place,
    )


def _check_urls(shape: IssuerShape, at: At) -> None:
    if shape.fetch is not None and not shape.discovery and not isinstance(shape.jwks, str):
        (at / "fetch").report("fetch-unused", "no keys of this issuer are fetched", "write `discovery: true`")
    urls = {"issuer": shape.issuer if shape.discovery else None, "jwks": shape.jwks}
    for key, url in urls.items():
        if not isinstance(url, str) or not url.startswith("http:"):
            continue
        if not is_loopback(url):
            (at / key).report("url-plain", "over plain HTTP anybody on the way could give us keys", "write `https://`")
        elif not shape.insecure_loopback:
            (at / key).report(
                "url-plain", "keys come by https", "for a trial on this machine: `insecure_loopback: true`"
            )


def _build_keys(shape: IssuerShape, at: At) -> GivenKeys | FetchedKeys | SharedSecret:
    if shape.secret is not None:
        return SharedSecret(build_secret(shape.secret, at / "secret"))
    if not isinstance(shape.jwks, KeyFileShape):
        return FetchedKeys(shape.jwks)
    spot = at / "jwks" / "file"
    text = spot.read_text(spot.path(shape.jwks.file))
    if text is None:
        return FetchedKeys()
    try:
        keys = json.loads(text)
    except ValueError:
        keys = None
    if not isinstance(keys, dict):
        spot.report("jwks-invalid", f"`{shape.jwks.file}` is no JWK Set", 'it holds `{"keys": [...]}` with public keys')
        return FetchedKeys()
    return GivenKeys(keys)


def _build_app(shape: IssuerShape, at: At) -> Reference | AppFrom:
    if shape.app is not None:
        return Reference(shape.app, (at / "app").place)
    if not isinstance(shape.app_from, AppFromShape):
        return AppFrom(shape.app_from or "")
    spot = at / "app_from" / "map"
    if shape.app_from.map is None:
        return AppFrom(shape.app_from.claim)
    apps = {value: Reference(name, (spot / value).place) for value, name in shape.app_from.map.items()}
    return AppFrom(shape.app_from.claim, apps)


def _build_profiles(shape: ProfilesFromShape, at: At) -> ProfilesFrom:
    found: dict[str, tuple[Reference, ...]] = {}
    for value, names in shape.map.items():
        spot = at / "map" / value
        found[value] = (Reference(names, spot.place),) if isinstance(names, str) else spot.references(names)
    return ProfilesFrom(shape.claim, found)

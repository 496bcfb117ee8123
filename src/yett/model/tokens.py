"""The token endpoint: who gets tokens, what is in them, and who may act for whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from yett.model.inquiry import KeyFetch
from yett.model.issuer import FetchedKeys
from yett.model.limit import Limit, Rate
from yett.model.place import NOWHERE, Place, Reference
from yett.model.secret import SecretReference

MAX_LIFETIME_S: Final = 3600
"""The longest life of a token: what was issued is only taken back by being revoked."""

DEFAULT_TOKEN_LIMITS: Final = (Limit(Rate(amount=20, period_ms=1_000, burst=60), "address"),)
"""What `tokens.limits` is when it is not written: a fleet behind one address is served, a guesser is slowed."""


@dataclass(frozen=True, slots=True)
class HashedSecret:
    """A client secret that only its holder knows: its keyed hash, 64 lower-case hex digits."""

    hash: str


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """A secret of a client; `expires_at` is the Unix second from which it is refused."""

    source: SecretReference | HashedSecret
    expires_at: int | None = None
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TokenClient:
    """How an app gets tokens: by one of `secrets`, or by assertions signed with a key in the file `jwks`.

    `profiles` is the subset of the app's profiles that its tokens may carry, `None` meaning all of them; `introspect`
    lets it ask about the tokens of others.
    """

    id: str
    secrets: tuple[ClientSecret, ...] = ()
    jwks: str | None = None
    profiles: tuple[Reference, ...] | None = None
    introspect: bool = False
    place: Place = field(default=NOWHERE, compare=False, repr=False)
    jwks_place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SubjectIssuer:
    """Somebody else whose tokens say who a user is: `audience` is what they must name.

    `jwks` is the file of its keys; `None` where they are fetched from `keys`, in the way of `fetch`.
    """

    issuer: str
    jwks: str | None
    audience: str
    keys: FetchedKeys | None = None
    fetch: KeyFetch | None = None
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Exchange:
    """Whom a client may act for.

    `subjects` are values of `sub`, `*` standing for any characters; `None` means only those whose token says so in
    `may_act`. `issuers` of `None` are all that are known, and our own. `profiles` of `None` are all of the client's.
    """

    client: Reference
    subjects: tuple[str, ...] | None = None
    issuers: tuple[str, ...] | None = None
    profiles: tuple[Reference, ...] | None = None
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """The token endpoint of this gateway.

    `audiences` are what tokens may be for, the first one unless a client asks for another; of `keys` the first signs
    and all are published; none means the default file. With `require_binding` no token is issued without a proof of
    possession; with `dpop_nonce` a proof must hold a nonce of ours.
    """

    issuer: str
    audiences: tuple[str, ...]
    base_path: str = "/oauth"
    hosts: tuple[str, ...] = ()
    lifetime_s: int = 300
    keys: tuple[SecretReference, ...] = ()
    require_binding: bool = False
    dpop_nonce: bool = False
    subject_issuers: tuple[SubjectIssuer, ...] = ()
    exchange: tuple[Exchange, ...] = ()
    limits: tuple[Limit, ...] = DEFAULT_TOKEN_LIMITS
    place: Place = field(default=NOWHERE, compare=False, repr=False)


TOKENS_API: Final = "yett-tokens"
"""Name of the API that the gateway exposes the endpoint as; that of its metadata begins with it."""


def source_name(index: int) -> str:
    """What the snapshot calls the keys of the subject issuer with that number."""
    return f"{TOKENS_API}-subjects-{index}"


def origin_of(issuer: str) -> str:
    """Scheme, host and port of an issuer."""
    scheme, _, rest = issuer.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def metadata_path(issuer: str) -> str:
    """Where an issuer's metadata are (RFC 8414 section 3.1): the well-known part comes before its own path."""
    return f"/.well-known/oauth-authorization-server{issuer.removeprefix(origin_of(issuer))}"

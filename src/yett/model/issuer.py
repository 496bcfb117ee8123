"""Issuers of tokens: whose tokens are accepted, and what they are worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from yett.model.inquiry import Introspection, KeyFetch
from yett.model.place import NOWHERE, Place, Reference
from yett.model.secret import SecretReference

Bound = Literal["none", "any", "certificate", "dpop"]
"""Whether tokens must be bound to a key that the caller proves to have."""

TokenAlgorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512"
]  # fmt: skip
"""A signature algorithm by its name in a token's header; those that begin with `HS` need a secret."""

DEFAULT_LEEWAY_S: Final = 30
"""Seconds that clocks may differ by, where nothing is said."""


@dataclass(frozen=True, slots=True)
class GivenKeys:
    """A key set that does not change: the content of a file."""

    keys: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SharedSecret:
    """A secret that tokens are keyed with; the algorithm is the only one of the issuer's `algorithms`."""

    secret: SecretReference


@dataclass(frozen=True, slots=True)
class FetchedKeys:
    """A key set that is fetched: from `url`, or from where the issuer's metadata say."""

    url: str | None = None


@dataclass(frozen=True, slots=True)
class AppFrom:
    """The app of a claim's value. Without `map` the values are ids of `clients` of apps."""

    claim: str
    map: Mapping[str, Reference] | None = None


@dataclass(frozen=True, slots=True)
class UsersOf:
    """Whose users tokens tell of: `claim` has the `iss` of one of `issuers`; without it they are the issuer's own."""

    claim: str
    issuers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProfilesFrom:
    """The profiles that the values of a claim give."""

    claim: str
    map: Mapping[str, tuple[Reference, ...]]


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer whose tokens are accepted, and what they are worth. Times in seconds.

    With `keys_only` no API accepts them: somebody else asks the gateway for the keys.
    """

    name: str
    issuer: str
    keys: GivenKeys | FetchedKeys | SharedSecret
    audiences: tuple[str, ...]
    app: Reference | AppFrom
    algorithms: tuple[TokenAlgorithm, ...] = ()
    types: tuple[str, ...] = ()
    leeway_s: int = DEFAULT_LEEWAY_S
    max_lifetime_s: int | None = None
    required: Mapping[str, Any] = field(default_factory=dict)
    user_from: str | None = None
    users_of: UsersOf | None = None
    profiles_from: ProfilesFrom | None = None
    trusted_to_grant: bool = False
    bound: Bound = "none"
    keys_only: bool = False
    fetch: KeyFetch | None = None
    introspection: Introspection | None = None
    place: Place = field(default=NOWHERE, compare=False, repr=False)

    @property
    def namers(self) -> tuple[str, ...]:
        """`iss` of those whose users its tokens may tell of."""
        if self.user_from is None:
            return ()
        return (self.issuer,) if self.users_of is None else self.users_of.issuers

    @property
    def apps(self) -> tuple[Reference, ...]:
        """The apps that its tokens may stand for, as far as they are named."""
        if isinstance(self.app, Reference):
            return (self.app,)
        return tuple((self.app.map or {}).values())

    @property
    def profiles(self) -> tuple[Reference, ...]:
        """The profiles that its tokens may carry, as far as they are named."""
        given = self.profiles_from.map.values() if self.profiles_from else ()
        return tuple(profile for profiles in given for profile in profiles)

"""What the endpoint works with: settings that are swapped whole, and the ports through which it acts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from yett.tokens.keys import KeyRing, PublicKey


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret of a client as its keyed hash; `expires_at` is the Unix second from which it is refused."""

    hash: str = field(repr=False)
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """A client that is ready to be judged. `scopes` are the names of the profiles its tokens may carry."""

    id: str
    app: str
    scopes: tuple[str, ...]
    secrets: tuple[Secret, ...] = ()
    keys: tuple[PublicKey, ...] = ()
    introspect: bool = False


@dataclass(frozen=True, slots=True)
class Issuer:
    """Somebody whose tokens are taken; `audience` is what they must name.

    Where the keys are fetched, `source` is what the gateway, which does that, calls them.
    """

    name: str
    keys: tuple[PublicKey, ...]
    audience: str
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Whom a client may act for: see `yett.model.tokens.Exchange`."""

    subjects: tuple[str, ...] | None = None
    issuers: tuple[str, ...] | None = None
    scopes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """All that decides about a request. `base` is the public address under which `token` and the others are."""

    issuer: str
    base: str
    audiences: tuple[str, ...]
    lifetime_s: int
    ring: KeyRing
    pepper: bytes = field(repr=False)
    clients: Mapping[str, Client] = field(default_factory=dict)
    issuers: Mapping[str, Issuer] = field(default_factory=dict)
    rules: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    require_binding: bool = False
    dpop_nonce: bool = False

    @property
    def token_url(self) -> str:
        """Public address of the token endpoint: what proofs and assertions are made for."""
        return f"{self.base}/token"


class Memory(Protocol):
    """What must outlive the process. May be called from any thread; failures are `YettError`."""

    def first_use(self, purpose: str, owner: str, used: str, *, expires_at: int) -> bool:
        """Whether an id is used for the first time."""

    def is_revoked(self, issuer: str, jti: str) -> bool:
        """Whether a token was revoked."""


class Revoker(Protocol):
    """Makes a revocation last, and effective in the gateway. Raises `YettError` where it could not."""

    def revoke(self, issuer: str, jti: str, *, expires_at: int, client: str) -> None:
        """Revoke a token; doing it again does no harm."""


class KeySource(Protocol):
    """The keys of others, as the gateway keeps them. May be called from any thread."""

    def keys(self, source: str, kid: str | None) -> tuple[PublicKey, ...]:
        """The keys of a source, looked for anew where none is called `kid`; none where they were never reached."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The world of the endpoint: what is remembered, how a token is taken back, and whose keys are fetched."""

    memory: Memory
    revoker: Revoker
    fetched: KeySource | None = None

    def keys_of(self, issuer: Issuer, kid: object) -> tuple[PublicKey, ...]:
        """The keys of an issuer that may have made a token with this `kid`."""
        if issuer.source is None or self.fetched is None:
            return issuer.keys
        return self.fetched.keys(issuer.source, kid if isinstance(kid, str) else None)

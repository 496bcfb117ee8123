"""What the gateway asks issuers of tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from yett.model.place import NOWHERE, Place
from yett.model.remote import Remote
from yett.model.secret import SecretReference
from yett.model.tls import UpstreamTls

ClientAuth = Literal["basic", "post"]
"""How a client proves itself to a token server: by HTTP Basic, or in the body."""


@dataclass(frozen=True, slots=True)
class KeyFetch:
    """How an issuer's keys are fetched. `metadata_url` is where its metadata are, `None` for where OpenID has them."""

    metadata_url: str | None = None
    private: bool = False
    ca_pem: str | None = None
    tls: UpstreamTls = UpstreamTls()
    timeout_ms: int = 5_000
    min_refresh_ms: int = 30_000
    max_refresh_ms: int = 3_600_000
    max_stale_ms: int = 86_400_000


@dataclass(frozen=True, slots=True)
class Introspection:
    """Where an issuer says what a token is worth (RFC 7662). `stale_ms` is 0 where nothing outlives `cache_ms`."""

    remote: Remote
    client_id: str
    client_secret: SecretReference
    client_auth: ClientAuth = "basic"
    cache_ms: int = 30_000
    stale_ms: int = 0
    place: Place = field(default=NOWHERE, compare=False, repr=False)


def token_secret_name(issuer: str) -> str:
    """What the snapshot calls the secret that an issuer's tokens are keyed with."""
    return f"issuers/{issuer}/tokens"


def secret_name(issuer: str) -> str:
    """What the snapshot calls the secret that the gateway proves itself with to an issuer."""
    return f"issuers/{issuer}"

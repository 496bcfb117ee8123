"""How apps prove themselves other than by keys: certificates, signatures, webhooks and passwords."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from yett.model.place import NOWHERE, Place, Reference
from yett.model.secret import SecretReference

SigningAlgorithm = Literal["ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512", "hmac-sha256"]
"""An algorithm of RFC 9421 section 3.3."""

WebhookFormat = Literal["hex", "base64", "timestamped"]
"""How the header of a webhook is written."""


@dataclass(frozen=True, slots=True)
class AppCertificate:
    """Client certificates of an app, named by exactly one of `thumbprint` (SHA-256, hex), `subject` and `san`.

    `authorities` are the thumbprints of those it may come from; none means those of the host.
    """

    thumbprint: str | None = None
    subject: str | None = None
    san: str | None = None
    authorities: tuple[str, ...] = ()
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that an app signs requests with: `public_key` is in base64 of DER; `secret` is for `hmac-sha256` alone."""

    id: str
    algorithm: SigningAlgorithm
    public_key: str | None = None
    secret: SecretReference | None = None
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Password:
    """A user name of an app, and where the argon2id hash of its password is."""

    user: str
    hash: SecretReference
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AppProofs:
    """All that an app proves itself with besides keys. `webhook_secrets` are several so that they can be rotated."""

    certificates: tuple[AppCertificate, ...] = ()
    signing_keys: tuple[SigningKey, ...] = ()
    webhook_secrets: tuple[SecretReference, ...] = ()
    passwords: tuple[Password, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageSignature:
    """Which HTTP Message Signatures an API accepts; `covers` of `None` means the method and the whole target."""

    covers: tuple[str, ...] | None = None
    max_age_s: int = 300
    once: bool = False


@dataclass(frozen=True, slots=True)
class Webhook:
    """Which webhooks an API accepts, and whose they are."""

    app: Reference
    header: str
    format: WebhookFormat = "hex"
    prefix: str = ""
    tolerance_s: int = 300
    keep: bool = False


@dataclass(frozen=True, slots=True)
class NamedSecret:
    """A secret by the name that the snapshot has for it; `hashed` where it is the hash of a password."""

    name: str
    source: SecretReference
    hashed: bool = False


def named_secrets(app: str, proofs: AppProofs) -> tuple[NamedSecret, ...]:
    """Every secret of an app. The names hold the app's, or what no two apps can have: none is taken for another's."""
    keys = [NamedSecret(signing_secret(one.id), one.secret) for one in proofs.signing_keys if one.secret is not None]
    webhooks = [NamedSecret(webhook_secret(app, index), one) for index, one in enumerate(proofs.webhook_secrets)]
    return (
        *keys,
        *webhooks,
        *(NamedSecret(password_secret(one.user), one.hash, hashed=True) for one in proofs.passwords),
    )


def signing_secret(key: str) -> str:
    """The name of the secret of a signing key."""
    return f"signing-key:{key}"


def webhook_secret(app: str, index: int) -> str:
    """The name of a secret of an app's webhooks."""
    return f"webhook:{app}:{index}"


def password_secret(user: str) -> str:
    """The name of the hash of a user's password."""
    return f"password:{user}"

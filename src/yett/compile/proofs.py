"""Proofs of apps in the snapshot: what is secret is there by its name only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yett.compile.fields import compact
from yett.model.proofs import password_secret, signing_secret, webhook_secret

if TYPE_CHECKING:
    from yett.model.access import App
    from yett.model.proofs import SigningKey


def compile_proofs(app: App) -> dict[str, Any]:
    """`certificates`, `signing_keys`, `webhook_secrets` and `passwords` of the snapshot."""
    proofs = app.proofs
    return {
        "certificates": [
            compact(thumbprint=one.thumbprint, subject=one.subject, san=one.san, authorities=list(one.authorities))
            for one in proofs.certificates
        ],
        "signing_keys": [_signing_key(one) for one in proofs.signing_keys],
        "webhook_secrets": [webhook_secret(app.name, index) for index, _ in enumerate(proofs.webhook_secrets)],
        "passwords": [{"user": one.user, "hash": password_secret(one.user)} for one in proofs.passwords],
    }


def _signing_key(key: SigningKey) -> dict[str, Any]:
    secret = None if key.secret is None else signing_secret(key.id)
    return compact(id=key.id, algorithm=key.algorithm, public_key=key.public_key, secret=secret)

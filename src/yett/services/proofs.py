"""The secrets of apps' proofs: read beside the snapshot, which has only their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from yett.config import read_secret
from yett.errors import SecretError
from yett.model.proofs import NamedSecret, named_secrets

if TYPE_CHECKING:
    from yett.model.access import App
    from yett.model.diagnostic import Diagnostic

SHORTEST: Final = 16
"""Fewest bytes of a secret that hashes are keyed with."""
_HASH: Final = re.compile(r"\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+")


@dataclass(frozen=True, slots=True)
class ProofSecrets:
    """Secrets by name, the files they came from, and what is wrong with them."""

    named: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: frozenset[str] = frozenset()
    diagnostics: tuple[Diagnostic, ...] = ()


def load_proof_secrets(apps: tuple[App, ...], environment: Mapping[str, str]) -> ProofSecrets:
    """Every secret that the apps' proofs name; one that cannot be read is reported and left out."""
    named: dict[str, str] = {}
    found: list[Diagnostic] = []
    wanted = [one for app in apps for one in named_secrets(app.name, app.proofs)]
    for one in wanted:
        try:
            named[one.name] = _checked(one, read_secret(one.source, environment))
        except SecretError as error:
            found.append(one.source.place.diagnostic(error.code, str(error), hint=error.hint))
    files = frozenset(one.source.name for one in wanted if one.source.kind == "file")
    return ProofSecrets(named, files, tuple(found))


def _checked(secret: NamedSecret, text: str) -> str:
    if not secret.hashed and len(text.encode()) < SHORTEST:
        message = f"the {secret.source} holds a secret of fewer than {SHORTEST} bytes"
        raise SecretError(message, code="secret-short", hint="make one with `openssl rand -base64 32`")
    if secret.hashed and not _HASH.fullmatch(text):
        message = f"the {secret.source} holds no argon2id hash"
        raise SecretError(message, code="password-hash-invalid", hint="make one with `yett password hash`")
    return text

"""The secrets that the gateway proves itself with to issuers: read beside the snapshot, which has only their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from yett.config import read_secret
from yett.errors import SecretError
from yett.model.inquiry import secret_name, token_secret_name
from yett.model.issuer import SharedSecret

if TYPE_CHECKING:
    from yett.model.diagnostic import Diagnostic
    from yett.model.issuer import Issuer
    from yett.model.secret import SecretReference


@dataclass(frozen=True, slots=True)
class IssuerSecrets:
    """Secrets by name, the files they came from, and what is wrong with them."""

    named: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: frozenset[str] = frozenset()
    diagnostics: tuple[Diagnostic, ...] = ()


def load_issuer_secrets(issuers: tuple[Issuer, ...], environment: Mapping[str, str]) -> IssuerSecrets:
    """Every secret that an issuer has; one that cannot be read, or is too short, is reported and left out."""
    named: dict[str, str] = {}
    files: set[str] = set()
    found: list[Diagnostic] = []
    for issuer in issuers:
        for name, source, least in _secrets(issuer):
            if source.kind == "file":
                files.add(source.name)
            try:
                text = read_secret(source, environment)
            except SecretError as error:
                found.append(source.place.diagnostic(error.code, str(error), hint=error.hint))
                continue
            if len(text.encode("utf-8")) < least:
                message = f"the secret of the issuer `{issuer.name}` has fewer than {least} bytes"
                hint = "a shorter one can be guessed from any token: make one with `openssl rand -base64 64`"
                found.append(source.place.diagnostic("secret-short", message, hint=hint))
                continue
            named[name] = text
    return IssuerSecrets(named, frozenset(files), tuple(found))


def _secrets(issuer: Issuer) -> Iterator[tuple[str, SecretReference, int]]:
    """The name, the source and the least length in bytes of each (RFC 7518 section 3.2: that of the hash)."""
    if issuer.introspection is not None:
        yield secret_name(issuer.name), issuer.introspection.client_secret, 1
    if isinstance(issuer.keys, SharedSecret):
        bits = int("".join(issuer.algorithms).removeprefix("HS") or 0)
        yield token_secret_name(issuer.name), issuer.keys.secret, bits // 8

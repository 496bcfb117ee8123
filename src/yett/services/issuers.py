"""The secrets that the gateway proves itself with to issuers: read beside the snapshot, which has only their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from yett.config import read_secret
from yett.errors import SecretError
from yett.model.inquiry import secret_name

if TYPE_CHECKING:
    from yett.model.diagnostic import Diagnostic
    from yett.model.issuer import Issuer


@dataclass(frozen=True, slots=True)
class IssuerSecrets:
    """Secrets by name, the files they came from, and what is wrong with them."""

    named: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: frozenset[str] = frozenset()
    diagnostics: tuple[Diagnostic, ...] = ()


def load_issuer_secrets(issuers: tuple[Issuer, ...], environment: Mapping[str, str]) -> IssuerSecrets:
    """Every secret that an `introspection` names; one that cannot be read is reported and left out."""
    named: dict[str, str] = {}
    files: set[str] = set()
    found: list[Diagnostic] = []
    for issuer in issuers:
        if issuer.introspection is None:
            continue
        source = issuer.introspection.client_secret
        if source.kind == "file":
            files.add(source.name)
        try:
            named[secret_name(issuer.name)] = read_secret(source, environment)
        except SecretError as error:
            found.append(source.place.diagnostic(error.code, str(error), hint=error.hint))
    return IssuerSecrets(named, frozenset(files), tuple(found))

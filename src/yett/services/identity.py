"""The keys that tokens for upstreams are signed with: found, or made where that is safe."""

from __future__ import annotations

import base64
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from yett.config import read_secret
from yett.errors import SecretError
from yett.model.place import Place
from yett.model.secret import SecretReference
from yett.services.private_files import create_private_file

if TYPE_CHECKING:
    from yett.model.configuration import Configuration
    from yett.model.diagnostic import Diagnostic

DEFAULT_NAME: Final = ".yett/identity-key.pem"
# PKCS #8 (RFC 8410) of an Ed25519 key: all but the 32 random bytes that are the key.
_HEAD: Final = bytes.fromhex("302e020100300506032b657004220420")
# The name of the algorithm within it.
_ED25519: Final = bytes.fromhex("06032b6570")


@dataclass(frozen=True, slots=True)
class IdentityKeys:
    """PEM texts, the signing key first; the files they came from; and what is wrong with them."""

    keys: tuple[str, ...] = field(default=(), repr=False)
    files: frozenset[str] = frozenset()
    diagnostics: tuple[Diagnostic, ...] = ()


def load_identity_keys(
    configuration: Configuration, home: str, environment: Mapping[str, str], *, create: bool
) -> IdentityKeys:
    """The keys of a configuration whose folder is `home`; none where no upstream is told who calls.

    With `create`, a missing file at the default path is made; a key that the configuration names is never made.
    """
    issuer = configuration.gateway.identity
    if issuer is None:
        return IdentityKeys()
    default = SecretReference("file", str(Path(home) / DEFAULT_NAME), issuer.place)
    references = [issuer.key or default, *([issuer.previous_key] if issuer.previous_key else [])]
    keys: list[str] = []
    found: list[Diagnostic] = []
    for reference in references:
        absent = reference is default and not Path(reference.name).exists()
        if absent and not create:
            continue
        try:
            if absent:
                create_private_file(Path(reference.name), new_identity_key().encode("ascii"))
            keys.append(_checked(read_secret(reference, environment), reference))
            found += _exposure(reference)
        except SecretError as error:
            place = reference.place if reference.place.file else Place(reference.name)
            found.append(place.diagnostic(error.code, str(error), hint=error.hint))
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            message = f"cannot make the identity key {reference.name}: {reason}"
            found.append(reference.place.diagnostic("identity-key-missing", message))
    files = frozenset(one.name for one in references if one.kind == "file")
    return IdentityKeys(tuple(keys), files, tuple(found))


def new_identity_key() -> str:
    """A new Ed25519 private key as PEM."""
    body = base64.b64encode(_HEAD + secrets.token_bytes(32)).decode("ascii")
    return f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"


def _checked(text: str, reference: SecretReference) -> str:
    lines = text.splitlines()
    hint = "make one with `openssl genpkey -algorithm ed25519`"
    if lines[0] != "-----BEGIN PRIVATE KEY-----" or lines[-1] != "-----END PRIVATE KEY-----":
        message = f"the {reference} holds no private key in PEM"
        raise SecretError(message, code="identity-key-invalid", hint=hint)
    if _ED25519 not in _der(lines[1:-1])[: len(_HEAD)]:
        message = f"the {reference} holds a private key of another kind than Ed25519"
        raise SecretError(message, code="identity-key-invalid", hint=hint)
    return text


def _der(lines: list[str]) -> bytes:
    try:
        return base64.b64decode("".join(lines), validate=True)
    except ValueError:
        return b""


def _exposure(reference: SecretReference) -> list[Diagnostic]:
    if reference.kind != "file" or os.name != "posix":
        return []
    if not Path(reference.name).stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return []
    message = f"the identity key {reference.name} can be read by other users"
    hint = f"run `chmod 600 {reference.name}`"
    return [reference.place.diagnostic("identity-key-exposed", message, hint=hint, severity="warning")]

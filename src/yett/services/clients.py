"""Make what clients of the token endpoint prove themselves with, and the keys that tokens are signed with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from yett.access.client_secrets import new_client_secret
from yett.access.keys import hash_key
from yett.errors import SecretError
from yett.services.keys import pepper_for
from yett.tokens.keys import new_signing_key, read_signing_key


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A fresh client secret: `text` is shown once; the rest may be written into a configuration."""

    text: str = field(repr=False)
    hash: str
    pepper: str

    @property
    def line(self) -> str:
        """The entry for `secrets:` of a client."""
        return f'{{hash: "{self.hash}"}}'


def new_secret(path: str, environment: Mapping[str, str], *, env: str = "live", app: str | None = None) -> NewSecret:
    """Make a client secret for the configuration at `path`, hashed under its pepper. Raises as `keys.new_key`."""
    text = new_client_secret(env)
    pepper = pepper_for(path, environment, app)
    return NewSecret(text, hash_key(text, pepper.secret), str(pepper.reference))


def new_key_file(path: str, kind: str) -> str:
    """Make a signing key (`ES256` or `EdDSA`) in a new file that only its owner can read; its `kid`.

    Raises `SecretError` where there is a file already, or none can be made.
    """
    text = new_signing_key(kind)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(text)
    except FileExistsError:
        raise SecretError(f"there is a file {path} already", code="file-exists", hint="name another file") from None
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise SecretError(f"cannot make the file {path}: {reason}", code="file-not-made") from None
    return read_signing_key(text).kid

"""References to secrets. The model never holds a secret itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from yett.model.place import NOWHERE, Place


@dataclass(frozen=True, slots=True)
class SecretReference:
    """An environment variable, or a file whose text, surrounding white space removed, is the secret.

    The path of a file is absolute or relative to the working directory: the configuration's folder is already in it.
    """

    kind: Literal["env", "file"]
    name: str
    place: Place = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        what = "environment variable" if self.kind == "env" else "file"
        return f"{what} {self.name}"


@dataclass(frozen=True, slots=True)
class HashedKey:
    """An API key known only by its public prefix and its keyed hash (64 lower-case hex digits)."""

    prefix: str
    hash: str

"""The pepper under which keys are hashed: found, or made where that is safe."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from yett.access.keys import new_pepper, read_pepper
from yett.config import read_secret
from yett.errors import SecretError
from yett.model.place import Place
from yett.model.secret import HashedKey, SecretReference
from yett.model.tokens import HashedSecret
from yett.services.private_files import create_private_file

if TYPE_CHECKING:
    from yett.model.configuration import Configuration
    from yett.model.diagnostic import Diagnostic
    from yett.model.gateway import GatewaySettings

DEFAULT_NAME: Final = ".yett/pepper"


@dataclass(frozen=True, slots=True)
class Pepper:
    """The pepper, or why there is none.

    `stands_in` means that there is none yet and a throw-away one takes its place: good enough to check a configuration,
    but hashed keys cannot be proven with it.
    """

    secret: bytes = field(repr=False)
    reference: SecretReference
    stands_in: bool = False
    diagnostics: tuple[Diagnostic, ...] = ()


def load_pepper(
    settings: GatewaySettings, home: str, environment: Mapping[str, str], *, create: bool, needed: bool = False
) -> Pepper:
    """The pepper of a configuration whose folder is `home`.

    With `create`, a missing file at the default path is made, unless `needed` says that hashed keys already depend on
    the one that is missing; a pepper that the configuration names is never made.
    """
    default = SecretReference("file", str(Path(home) / DEFAULT_NAME), settings.place)
    reference = settings.pepper or default
    absent = settings.pepper is None and not Path(reference.name).exists()
    if absent and needed:
        hint = "restore the file; or remove the hashed keys and make new ones with `yett key new`"
        message = f"the pepper {reference.name} is missing, and without it no hashed key can be proven"
        return _stand_in(reference, SecretError(message, code="pepper-missing", hint=hint))
    if absent and not create:
        return _stand_in(reference)
    try:
        if absent:
            create_pepper(Path(reference.name))
        secret = read_pepper(read_secret(reference, environment))
    except SecretError as error:
        return _stand_in(reference, error)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        return _stand_in(reference, SecretError(f"cannot make the pepper {reference.name}: {reason}"))
    return Pepper(secret, reference, diagnostics=_exposure(reference))


def holds_hashes(configuration: Configuration) -> bool:
    """Whether a configuration holds hashes of keys or secrets, which only its own pepper can prove."""
    sources = (key.source for app in configuration.apps for key in app.keys)
    secrets = (one.source for app in configuration.apps for client in app.clients for one in client.secrets)
    return any(isinstance(one, HashedKey | HashedSecret) for one in (*sources, *secrets))


def create_pepper(path: Path) -> None:
    """Make a pepper file that only its owner can read, whole or not at all; one that is there already is kept.

    Raises `OSError`.
    """
    create_private_file(path, new_pepper().encode("ascii") + b"\n")


def _stand_in(reference: SecretReference, error: SecretError | None = None) -> Pepper:
    place = reference.place if reference.place.file else Place(reference.name)
    found = () if error is None else (place.diagnostic(error.code, str(error), hint=error.hint),)
    return Pepper(read_pepper(new_pepper()), reference, stands_in=True, diagnostics=found)


def _exposure(reference: SecretReference) -> tuple[Diagnostic, ...]:
    if reference.kind != "file" or not Path(reference.name).stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return ()
    message = f"the pepper {reference.name} can be read by other users"
    place = reference.place if reference.place.file else Place(reference.name)
    return (place.diagnostic("pepper-exposed", message, hint=f"run `chmod 600 {reference.name}`", severity="warning"),)

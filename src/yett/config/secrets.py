"""Reading the secrets that a configuration names. What is read is returned, never logged, and no message repeats it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yett.config.files import read_file
from yett.errors import SecretError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yett.model.secret import SecretReference

_MAX_SECRET_BYTES = 64 * 1024


def read_secret(reference: SecretReference, environment: Mapping[str, str]) -> str:
    """The text a reference names, without surrounding white space.

    Raises `SecretError` when it is not there, empty, or not text.
    """
    text = _from_environment(reference.name, environment) if reference.kind == "env" else _from_file(reference.name)
    if not text:
        raise SecretError(f"the {reference} is empty", code="secret-empty")
    return text


def _from_environment(name: str, environment: Mapping[str, str]) -> str:
    if name not in environment:
        raise SecretError(
            f"the environment variable {name} is not set", code="secret-missing", hint=f"run `export {name}=...` first"
        )
    return environment[name].strip()


def _from_file(path: str) -> str:
    try:
        return read_file(path, _MAX_SECRET_BYTES).decode("utf-8").strip()
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise SecretError(f"cannot read the file {path}: {reason}", code="secret-missing") from None
    except UnicodeDecodeError:
        raise SecretError(f"the file {path} is not UTF-8 text", code="secret-malformed") from None

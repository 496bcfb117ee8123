"""Make an API key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from yett.access import keys
from yett.config import load_configuration
from yett.errors import ConfigurationError, SecretError, YettError
from yett.model.configuration import Configuration
from yett.model.suggestion import did_you_mean
from yett.services.pepper import Pepper, holds_hashes, load_pepper


@dataclass(frozen=True, slots=True)
class NewKey:
    """A fresh key: `text` is the secret, shown once; the rest may be written into a configuration."""

    text: str = field(repr=False)
    prefix: str
    hash: str
    pepper: str

    @property
    def line(self) -> str:
        """The entry for `keys:` of an app."""
        return f'{{hash: "{self.hash}", prefix: "{self.prefix}"}}'


def new_key(path: str, environment: Mapping[str, str], *, env: str = "live", app: str | None = None) -> NewKey:
    """Make a key for the configuration at `path`, hashed under its pepper, which is made where there is none yet.

    A configuration that is not there yet is no hindrance: the default pepper of its folder is used. Raises
    `KeyFormatError` for a bad `env`, `SecretError` when the pepper cannot be read or made, and `ConfigurationError`
    when mistakes hide which pepper is meant, and `YettError` when the configuration has no such `app`.
    """
    key = keys.new_key(env)
    pepper = pepper_for(path, environment, app)
    return NewKey(
        text=key.text,
        prefix=key.prefix,
        hash=keys.hash_key(key.text, pepper.secret),
        pepper=str(pepper.reference),
    )


def pepper_for(path: str, environment: Mapping[str, str], app: str | None) -> Pepper:
    """The pepper of the configuration at `path`, under which something for `app` is hashed. Raises as `new_key`."""
    home, configuration = _configuration(path)
    _check_app(app, configuration)
    needed = holds_hashes(configuration)
    pepper = load_pepper(configuration.gateway, home, environment, create=True, needed=needed)
    if pepper.stands_in:
        found = pepper.diagnostics[0]
        raise SecretError(found.message, code=found.code, hint=found.hint)
    return pepper


def _check_app(name: str | None, configuration: Configuration) -> None:
    names = [app.name for app in configuration.apps]
    if name is not None and names and name not in names:
        raise YettError(f"there is no app `{name}`", code="unknown-app", hint=did_you_mean(name, names))


def _configuration(path: str) -> tuple[str, Configuration]:
    if not Path(path).exists():
        return str(Path(path).parent), Configuration()
    loaded = load_configuration(path)
    # With mistakes around the pepper, the default one would be taken for the one that was meant.
    blurred = [one for one in loaded.diagnostics if one.severity == "error" and _may_hide_pepper(one.pointer)]
    if blurred:
        raise ConfigurationError(blurred)
    return loaded.home, loaded.configuration


def _may_hide_pepper(pointer: str) -> bool:
    return pointer in ("", "/gateway") or pointer.startswith("/gateway/")

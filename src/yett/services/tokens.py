"""The token endpoint's settings: read, checked and brought into the form that the endpoint works with."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from yett.access.client_secrets import check_client_secret
from yett.access.keys import hash_key
from yett.config import read_secret
from yett.errors import SecretError
from yett.model.place import Place
from yett.model.secret import SecretReference
from yett.model.tokens import HashedSecret, origin_of, source_name
from yett.services.private_files import create_private_file
from yett.tokens.keys import KeyMistake, KeyRing, PublicKey, SigningKey, new_signing_key, read_key_set, read_signing_key
from yett.tokens.settings import Client, Issuer, Rule, Secret, Settings

if TYPE_CHECKING:
    from yett.model.access import App, Team
    from yett.model.configuration import Configuration
    from yett.model.diagnostic import Diagnostic
    from yett.model.tokens import ClientSecret, TokenClient, TokenSettings

DEFAULT_NAME: Final = ".yett/tokens-key.pem"
_MAX_JWKS_BYTES: Final = 256 << 10


@dataclass(slots=True)
class LoadedTokens:
    """The settings, `None` where there is no endpoint or no key; the files they came from; and all mistakes."""

    settings: Settings | None = None
    files: set[str] = field(default_factory=set)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def load_tokens(
    configuration: Configuration,
    home: str,
    environment: Mapping[str, str],
    pepper: bytes,
    *,
    now: float,
    create: bool,
) -> LoadedTokens:
    """The token endpoint of a configuration whose folder is `home`.

    With `create`, a missing signing key at the default path is made; without, a throw-away one takes its place. One
    that the configuration names is never made.
    """
    loaded = LoadedTokens()
    tokens = configuration.tokens
    if tokens is None:
        return loaded
    reading = _Reading(loaded, environment, pepper, now)
    keys = reading.signing_keys(tokens, home, create=create)
    teams = {team.name: team for team in configuration.teams}
    clients = {
        client.id: reading.client(app, client, teams.get(app.team.name))
        for app in configuration.apps
        for client in app.clients
    }
    issuers = {
        one.issuer: Issuer(one.issuer, (), one.audience, source_name(index))
        if one.jwks is None
        else Issuer(one.issuer, reading.key_set(one.jwks, one.place), one.audience)
        for index, one in enumerate(tokens.subject_issuers)
    }
    if keys:
        loaded.settings = Settings(
            issuer=tokens.issuer,
            base=f"{origin_of(tokens.issuer)}{tokens.base_path.rstrip('/')}",
            audiences=tokens.audiences,
            lifetime_s=tokens.lifetime_s,
            ring=KeyRing(keys),
            pepper=pepper,
            clients=clients,
            issuers=issuers,
            rules=_rules(tokens),
            require_binding=tokens.require_binding,
            dpop_nonce=tokens.dpop_nonce,
        )
    return loaded


def _rules(tokens: TokenSettings) -> dict[str, tuple[Rule, ...]]:
    rules: dict[str, tuple[Rule, ...]] = {}
    for one in tokens.exchange:
        scopes = None if one.profiles is None else tuple(profile.name for profile in one.profiles)
        rules[one.client.name] = (*rules.get(one.client.name, ()), Rule(one.subjects, one.issuers, scopes))
    return rules


@dataclass(slots=True)
class _Reading:
    """Reads what settings name, and notes files and mistakes on the way."""

    loaded: LoadedTokens
    environment: Mapping[str, str]
    pepper: bytes
    now: float

    def signing_keys(self, tokens: TokenSettings, home: str, *, create: bool) -> tuple[SigningKey, ...]:
        default = SecretReference("file", str(Path(home) / DEFAULT_NAME), tokens.place)
        keys: list[SigningKey] = []
        for reference in tokens.keys or (default,):
            absent = reference is default and not Path(reference.name).exists()
            try:
                if absent and not create:
                    # Good enough to check a configuration; nothing is ever signed with it.
                    keys.append(read_signing_key(new_signing_key()))
                    continue
                if absent:
                    create_private_file(Path(reference.name), new_signing_key().encode("ascii"))
                keys.append(read_signing_key(self._secret(reference)))
                self._warn_of_readers(reference)
            except SecretError as error:
                self._tell(reference.place, error.code, f"the key in the {reference}: {error}", error.hint)
            except OSError as error:
                reason = (error.strerror or "unknown reason").lower()
                self._tell(reference.place, "tokens-key-missing", f"cannot make the key {reference.name}: {reason}")
        names = [key.kid for key in keys]
        if len(set(names)) != len(names):
            self._tell(tokens.place, "duplicate-key", "two keys of the token endpoint are the same", "remove one")
        return tuple(keys)

    def client(self, app: App, client: TokenClient, team: Team | None) -> Client:
        held = (one.name for one in (*app.profiles, *(team.profiles if team else ())))
        scopes = held if client.profiles is None else (one.name for one in client.profiles)
        secrets = tuple(secret for one in client.secrets if (secret := self._client_secret(client, one)) is not None)
        return Client(
            id=client.id,
            app=app.name,
            scopes=tuple(dict.fromkeys(scopes)),
            secrets=secrets,
            keys=() if client.jwks is None else self.key_set(client.jwks, client.jwks_place),
            introspect=client.introspect,
        )

    def _client_secret(self, client: TokenClient, secret: ClientSecret) -> Secret | None:
        if secret.expires_at is not None and secret.expires_at <= self.now:
            message = f"a secret of the client `{client.id}` has expired and is refused"
            found = secret.place.diagnostic("secret-expired", message, hint="remove it", severity="warning")
            self.loaded.diagnostics.append(found)
        if isinstance(secret.source, HashedSecret):
            return Secret(secret.source.hash, secret.expires_at)
        try:
            text = check_client_secret(self._secret(secret.source))
        except SecretError as error:
            self._tell(secret.place, error.code, f"the {secret.source}: {error}", error.hint)
            return None
        return Secret(hash_key(text, self.pepper), secret.expires_at)

    def key_set(self, path: str, place: Place) -> tuple[PublicKey, ...]:
        self.loaded.files.add(path)
        try:
            with Path(path).open("rb") as file:
                text = file.read(_MAX_JWKS_BYTES + 1)
            if len(text) > _MAX_JWKS_BYTES:
                raise KeyMistake("it is too large")
            return read_key_set(text)
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            self._tell(place, "file-missing", f"cannot read `{path}`: {reason}")
        except KeyMistake as error:
            self._tell(place, "jwks-invalid", f"the key set `{path}` cannot be used: {error}")
        return ()

    def _secret(self, reference: SecretReference) -> str:
        if reference.kind == "file":
            self.loaded.files.add(reference.name)
        return read_secret(reference, self.environment)

    def _warn_of_readers(self, reference: SecretReference) -> None:
        if reference.kind != "file" or os.name != "posix":
            return
        if Path(reference.name).stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            message = f"the key {reference.name} can be read by other users"
            hint = f"run `chmod 600 {reference.name}`"
            found = reference.place.diagnostic("tokens-key-exposed", message, hint=hint, severity="warning")
            self.loaded.diagnostics.append(found)

    def _tell(self, place: Place, code: str, message: str, hint: str = "") -> None:
        self.loaded.diagnostics.append(place.diagnostic(code, message, hint=hint))

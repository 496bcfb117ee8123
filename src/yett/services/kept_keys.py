"""Keys that came of rotations join those of the configuration; those that were rotated end when it was said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from yett.errors import StoreError
from yett.model.access import Credential, Credentials
from yett.model.configuration import Configuration
from yett.model.diagnostic import Diagnostic
from yett.model.place import Place
from yett.store import Database, KeptKey, KeyStore


def read_kept(path: str) -> tuple[list[KeptKey], list[Diagnostic]]:
    """The keys kept in the store at `path`, and why they cannot be read. No store, no keys."""
    if not Path(path).exists():
        return [], []
    try:
        database = Database.open(Path(path))
        try:
            return KeyStore(database).kept(), []
        finally:
            database.close()
    except StoreError as error:
        return [], [Place(path).diagnostic(error.code, str(error), hint=error.hint)]


def join_kept(
    credentials: Credentials, kept: Iterable[KeptKey], configuration: Configuration, pepper_id: str
) -> Credentials:
    """`credentials` with those of `kept` whose app is still there, and has the profiles they carry.

    The configuration says what a key is; a rotation only makes it end sooner. A key that stands in both is one.
    """
    items = {one.id: one for one in credentials.items}
    hashes, held = {one.hash for one in credentials.items}, _held(configuration)
    for one in kept:
        if one.id in items:
            items[one.id] = _ending(items[one.id], one.expires_at)
        elif one.hash not in hashes and one.app in held and set(one.profiles or ()) <= held[one.app]:
            items[one.id] = as_credential(one)
    if not items:
        return credentials
    return Credentials(tuple(items.values()), credentials.pepper_id or pepper_id)


def _held(configuration: Configuration) -> dict[str, set[str]]:
    """The profiles of each app, those of its team among them."""
    teams = {one.name: one.profiles for one in configuration.teams}
    return {
        app.name: {one.name for one in (*app.profiles, *teams.get(app.team.name, ()))} for app in configuration.apps
    }


def as_credential(key: KeptKey) -> Credential:
    """A kept key as a credential of a snapshot."""
    return Credential(key.id, key.app, key.prefix, key.hash, key.expires_at, key.profiles, key.made_at)


def _ending(credential: Credential, expires_at: int | None) -> Credential:
    ends = [at for at in (credential.expires_at, expires_at) if at is not None]
    return replace(credential, expires_at=min(ends, default=None))

"""Revoke, release and rotate keys. What is written to the store, running gateways take up at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from yett.access.keys import hash_key, new_key, parse_key
from yett.errors import ConfigurationError, KeyFormatError, YettError
from yett.model.suggestion import did_you_mean
from yett.services.assembly import Assembly, assemble
from yett.services.keys_file import filed_keys
from yett.store import BlockedKey, Database, KeptKey, KeyStore

LONGEST_OVERLAP_S: Final = 366 * 86_400
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Rotation:
    """A key and the one that takes its place. `text` is the new secret, shown once; `old_ends` is a Unix second."""

    text: str = field(repr=False)
    new: KeptKey
    old: str
    old_ends: int

    @property
    def line(self) -> str:
        """The entry for `keys:` of the app, for whoever keeps keys in the configuration."""
        made = datetime.fromtimestamp(self.new.made_at or 0, UTC).date().isoformat()
        return f'{{id: "{self.new.id}", hash: "{self.new.hash}", prefix: "{self.new.prefix}", made: "{made}"}}'


def block_key(
    path: str,
    environment: Mapping[str, str],
    key: str,
    because: str,
    *,
    note: str = "",
    unknown: bool = False,
    clock: Clock = time.time,
) -> str:
    """Refuse a key from now on: by its id, or by the key itself, which is never kept. Returns its id.

    With `unknown`, also an id that neither the configuration nor the file of keys has, such as that of another kind of
    credential. Raises `ConfigurationError` and `YettError`.
    """
    assembly = _assembled(path, environment)
    name = _named(assembly, key) if key.startswith("yett_") else key
    if not unknown:
        _found(assembly, name)
    with _store(assembly) as store:
        store.block(name, because, note=note, now=int(clock()))
    return name


def release_key(path: str, environment: Mapping[str, str], key: str, *, clock: Clock = time.time) -> None:
    """Accept a blocked key again. Raises `YettError` where it is not blocked."""
    with _store(_assembled(path, environment)) as store:
        if not store.release(key, now=int(clock())):
            raise YettError(f"the key `{key}` is not blocked", code="key-not-blocked")


def blocked_keys(path: str, environment: Mapping[str, str]) -> list[BlockedKey]:
    """The keys that are blocked."""
    with _store(_assembled(path, environment)) as store:
        return [one for one in store.blocked() if one.because != "released"]


def rotate_key(
    path: str, environment: Mapping[str, str], key: str, *, overlap_s: int, clock: Clock = time.time
) -> Rotation:
    """Make a key that takes the place of `key`, which goes on for `overlap_s` seconds more, or until it expires.

    Raises `ConfigurationError`, and `YettError` for a key that is not known, blocked, or expired.
    """
    assembly, now = _assembled(path, environment), int(clock())
    old = _found(assembly, key)
    if assembly.pepper.stands_in:
        raise YettError("there is no pepper to hash the new key under", code="pepper-missing")
    if old.expires_at is not None and old.expires_at <= now:
        raise YettError(f"the key `{key}` has expired", code="key-expired", hint="make a new one with `yett key new`")
    made = new_key(_environment_of(old.prefix))
    new = KeptKey(
        id=f"{old.app}-{made.prefix[-8:]}",
        app=old.app,
        prefix=made.prefix,
        hash=hash_key(made.text, assembly.pepper.secret),
        profiles=old.profiles,
        made_at=now,
        successor_of=old.id,
    )
    ends = now + max(0, min(overlap_s, LONGEST_OVERLAP_S))
    ends = ends if old.expires_at is None else min(ends, old.expires_at)
    with _store(assembly) as store:
        if any(one.id == key and one.because != "released" for one in store.blocked()):
            hint = "make a new one with `yett key new`"
            raise YettError(
                f"the key `{key}` is blocked: nobody should have its successor", code="key-blocked", hint=hint
            )
        store.keep([new, _ending(old, ends)])
    return Rotation(made.text, new, old.id, ends)


def _ending(key: KeptKey, ends: int) -> KeptKey:
    return KeptKey(key.id, key.app, key.prefix, key.hash, key.profiles, key.made_at, ends, key.successor_of)


def _environment_of(prefix: str) -> str:
    return prefix.split("_")[1]


def _assembled(path: str, environment: Mapping[str, str]) -> Assembly:
    assembly = assemble(path, environment, need_secrets=False)
    if not assembly.sound:
        raise ConfigurationError(assembly.diagnostics)
    return assembly


def _named(assembly: Assembly, text: str) -> str:
    """The id of the key whose text this is. Raises `YettError`; the text is not repeated."""
    try:
        prefix, digest = parse_key(text).prefix, hash_key(text, assembly.pepper.secret)
    except KeyFormatError:
        raise YettError("this is no whole API key", code="key-malformed", hint="name it by its id") from None
    known = ((one.id, one.prefix, one.hash) for one in (*assembly.credentials.items,))
    filed = ((one.id, one.prefix, one.hash) for one in filed_keys(assembly.configuration.gateway.keys_file))
    for several in (known, filed):
        for name, its_prefix, its_hash in several:
            if its_prefix == prefix and its_hash == digest:
                return name
    raise YettError("no credential has this key", code="key-unknown")


def _found(assembly: Assembly, key: str) -> KeptKey:
    """What is known of a key. Raises `YettError` where nothing is."""
    kept = {one.id: one for one in assembly.kept}
    for one in assembly.credentials.items:
        if one.id == key:
            before = kept[key].successor_of if key in kept else None
            return KeptKey(one.id, one.app, one.prefix, one.hash, one.profiles, one.made_at, one.expires_at, before)
    for filed in filed_keys(assembly.configuration.gateway.keys_file):
        if filed.id == key:
            return KeptKey(
                filed.id, filed.app, filed.prefix, filed.hash, filed.profiles, filed.made_at, filed.expires_at
            )
    hint = did_you_mean(key, [one.id for one in assembly.credentials.items])
    raise YettError(f"there is no key `{key}`", code="key-unknown", hint=hint)


@contextmanager
def _store(assembly: Assembly) -> Iterator[KeyStore]:
    database = Database.open(Path(assembly.store))
    try:
        yield KeyStore(database)
    finally:
        database.close()

"""What is known of keys beyond the configuration: which are blocked, made by rotation, and when each was used."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from yett.store.database import Database, Row, Transaction

RELEASED: Final = "released"


@dataclass(frozen=True, slots=True)
class BlockedKey:
    """A key that is refused whatever a configuration says.

    `because` it was `revoked`, is `leaked`, or no longer is (`released`). `since` is a Unix second; `number` rises with
    every change of any key.
    """

    id: str
    because: str
    note: str = ""
    since: int = 0
    number: int = 0


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A key that came of a rotation, or that one made end sooner. Nothing in it is secret in the clear.

    Times are Unix seconds; `profiles` is `None` for all of the app's.
    """

    id: str
    app: str
    prefix: str
    hash: str
    profiles: tuple[str, ...] | None = None
    made_at: int | None = None
    expires_at: int | None = None
    successor_of: str | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class KeyUse:
    """When a key was seen first and last: Unix seconds, exact to the minute."""

    id: str
    first_at: int
    last_at: int


class KeyStore:
    """Keys in the store. Every change has a number, so that a gateway can ask for what it has not heard of."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def block(self, key: str, because: str, *, note: str = "", now: int) -> None:
        """Block `key` until it is released; one that was revoked stays so. Raises `StoreError`."""
        with self._database.transaction() as transaction:
            transaction.run(
                "INSERT INTO blocked_keys (id, because, note, since, number) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET because = excluded.because, note = excluded.note,"
                " since = excluded.since, number = excluded.number WHERE blocked_keys.because <> 'revoked'",
                (key, because, note, now, next_change(transaction)),
            )

    def release(self, key: str, *, now: int) -> bool:
        """Let a blocked key in again; whether it was blocked. Raises `StoreError`."""
        with self._database.transaction() as transaction:
            return (
                transaction.run(
                    "UPDATE blocked_keys SET because = ?, since = ?, number = ? WHERE id = ? AND because <> ?",
                    (RELEASED, now, next_change(transaction), key, RELEASED),
                )
                > 0
            )

    def keep(self, keys: Iterable[KeptKey]) -> None:
        """Keep `keys`, all or none; those that are there already are replaced. Raises `StoreError`."""
        with self._database.transaction() as transaction:
            transaction.run_many(
                "INSERT INTO kept_keys (id, app, prefix, hash, profiles, made_at, expires_at, successor_of, number)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET app = excluded.app,"
                " prefix = excluded.prefix, hash = excluded.hash, profiles = excluded.profiles,"
                " made_at = excluded.made_at, expires_at = excluded.expires_at,"
                " successor_of = excluded.successor_of, number = excluded.number",
                [(*_row(key), next_change(transaction)) for key in keys],
            )

    def blocked(self, *, since: int = 0) -> list[BlockedKey]:
        """The keys that were blocked or released after the change `since`, in order. Raises `StoreError`."""
        with self._database.transaction() as transaction:
            rows = transaction.rows(
                "SELECT id, because, note, since, number FROM blocked_keys WHERE number > ? ORDER BY number", (since,)
            )
        return [BlockedKey(*row) for row in rows]

    def kept(self, *, since: int = 0) -> list[KeptKey]:
        """The keys that were kept after the change `since`, in order. Raises `StoreError`."""
        with self._database.transaction() as transaction:
            rows = transaction.rows(
                "SELECT id, app, prefix, hash, profiles, made_at, expires_at, successor_of, number"
                " FROM kept_keys WHERE number > ? ORDER BY number",
                (since,),
            )
        return [_kept(row) for row in rows]

    def note_uses(self, uses: Iterable[tuple[str, int]]) -> None:
        """Note when keys were used, as pairs of id and Unix second. Raises `StoreError`."""
        with self._database.transaction() as transaction:
            transaction.run_many(
                "INSERT INTO used_keys (id, first_at, last_at) VALUES (?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET last_at = MAX(last_at, excluded.last_at)",
                ((key, at, at) for key, at in uses),
            )

    def uses(self) -> dict[str, KeyUse]:
        """When each key was used that ever was, by id. Raises `StoreError`."""
        with self._database.transaction() as transaction:
            rows = transaction.rows("SELECT id, first_at, last_at FROM used_keys")
        return {row[0]: KeyUse(*row) for row in rows}

    def sweep(self, *, before: int) -> int:
        """Forget keys that expired before the Unix second `before`; how many. Raises `StoreError`."""
        with self._database.transaction() as transaction:
            return transaction.run("DELETE FROM kept_keys WHERE expires_at < ?", (before,))


def next_change(transaction: Transaction) -> int:
    """The number of the next change: never given twice, even where the rows of the last changes are gone."""
    transaction.run(
        "INSERT INTO key_changes (one, number) VALUES (1, 1)"
        " ON CONFLICT (one) DO UPDATE SET number = key_changes.number + 1"
    )
    row = transaction.row("SELECT number FROM key_changes WHERE one = 1")
    return int(row[0]) if row else 1


def _row(key: KeptKey) -> Row:
    profiles = None if key.profiles is None else json.dumps(key.profiles)
    return (key.id, key.app, key.prefix, key.hash, profiles, key.made_at, key.expires_at, key.successor_of)


def _kept(row: Row) -> KeptKey:
    profiles = None if row[4] is None else tuple(json.loads(row[4]))
    name, app, prefix, digest, _, made_at, expires_at, successor_of, number = row
    return KeptKey(name, app, prefix, digest, profiles, made_at, expires_at, successor_of, number)

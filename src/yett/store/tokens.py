"""Tokens that were revoked, and ids that may be used once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yett.store.database import Database


@dataclass(frozen=True, slots=True)
class RevokedToken:
    """A token that is refused though it has not expired: `iss`, `jti`, and `exp` as a Unix second.

    `client` is who took it back.
    """

    issuer: str
    jti: str
    expires_at: int
    client: str = ""


class TokenStore:
    """Remembers what was revoked and what was used, until it has expired."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def revoke(self, token: RevokedToken, *, now: int) -> bool:
        """Remember that `token` was revoked; whether that is new. Raises `StoreError`."""
        with self._database.transaction() as transaction:
            touched = transaction.run(
                "INSERT INTO revoked_tokens (issuer, jti, client, revoked_at, expires_at) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (issuer, jti) DO NOTHING",
                (token.issuer, token.jti, token.client, now, token.expires_at),
            )
        return touched > 0

    def is_revoked(self, issuer: str, jti: str) -> bool:
        """Whether a token was revoked. Raises `StoreError`."""
        with self._database.transaction() as transaction:
            statement = "SELECT 1 FROM revoked_tokens WHERE issuer = ? AND jti = ?"
            return transaction.row(statement, (issuer, jti)) is not None

    def revoked(self, *, now: int) -> list[RevokedToken]:
        """Every revoked token that has not expired at the Unix second `now`, those that expire first first.

        Raises `StoreError`.
        """
        with self._database.transaction() as transaction:
            rows = transaction.rows(
                "SELECT issuer, jti, expires_at, client FROM revoked_tokens WHERE expires_at > ? ORDER BY expires_at",
                (now,),
            )
        return [RevokedToken(*row) for row in rows]

    def first_use(self, purpose: str, owner: str, used: str, *, expires_at: int) -> bool:
        """Whether the id `used` of `owner` is used for the first time for `purpose`; it is remembered either way.

        However often and from wherever it is asked at once, one asker hears yes. Raises `StoreError`.
        """
        # Ids are chosen by strangers: a hash has one length, whatever they choose.
        digest = hashlib.sha256(used.encode("utf-8", "surrogatepass")).hexdigest()
        with self._database.transaction() as transaction:
            touched = transaction.run(
                "INSERT INTO used_ids (purpose, owner, id, expires_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (purpose, owner, id) DO NOTHING",
                (purpose, owner, digest, expires_at),
            )
        return touched > 0

    def sweep(self, *, now: int) -> int:
        """Forget what has expired at the Unix second `now`; how much that was. Raises `StoreError`."""
        with self._database.transaction() as transaction:
            return sum(
                transaction.run(statement, (now,))
                for statement in (
                    "DELETE FROM revoked_tokens WHERE expires_at <= ?",
                    "DELETE FROM used_ids WHERE expires_at <= ?",
                )
            )

"""The steps by which the tables came to be. Append only: what was released is mended by a later step, never edited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: its number, a kebab-case name, and statements that SQLite and PostgreSQL both take."""

    number: int
    name: str
    statements: tuple[str, ...]


_REVOKED: Final = """
    CREATE TABLE revoked_tokens (
        issuer TEXT NOT NULL, jti TEXT NOT NULL, client TEXT NOT NULL,
        revoked_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,
        PRIMARY KEY (issuer, jti))
"""
_USED: Final = """
    CREATE TABLE used_ids (
        purpose TEXT NOT NULL, owner TEXT NOT NULL, id TEXT NOT NULL, expires_at BIGINT NOT NULL,
        PRIMARY KEY (purpose, owner, id))
"""

MIGRATIONS: Final = (
    Migration(
        1,
        "tokens",
        (
            _REVOKED,
            "CREATE INDEX revoked_tokens_expiry ON revoked_tokens (expires_at)",
            _USED,
            "CREATE INDEX used_ids_expiry ON used_ids (expires_at)",
        ),
    ),
)

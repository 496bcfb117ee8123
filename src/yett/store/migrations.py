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
_USED_IDS: Final = """
    CREATE TABLE used_ids (
        purpose TEXT NOT NULL, owner TEXT NOT NULL, id TEXT NOT NULL, expires_at BIGINT NOT NULL,
        PRIMARY KEY (purpose, owner, id))
"""
_BLOCKED: Final = """
    CREATE TABLE blocked_keys (
        id TEXT NOT NULL PRIMARY KEY, because TEXT NOT NULL, note TEXT NOT NULL, since BIGINT NOT NULL,
        number BIGINT NOT NULL)
"""
_KEYS: Final = """
    CREATE TABLE kept_keys (
        id TEXT NOT NULL PRIMARY KEY, app TEXT NOT NULL, prefix TEXT NOT NULL, hash TEXT NOT NULL, profiles TEXT,
        made_at BIGINT, expires_at BIGINT, successor_of TEXT, number BIGINT NOT NULL)
"""
_CHANGES: Final = "CREATE TABLE key_changes (one BIGINT NOT NULL PRIMARY KEY, number BIGINT NOT NULL)"
_USED: Final = (
    "CREATE TABLE used_keys (id TEXT NOT NULL PRIMARY KEY, first_at BIGINT NOT NULL, last_at BIGINT NOT NULL)"
)
_FINDINGS: Final = """
    CREATE TABLE findings (
        id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, severity TEXT NOT NULL, subject TEXT NOT NULL,
        evidence TEXT NOT NULL, first_seen BIGINT NOT NULL, last_seen BIGINT NOT NULL, count BIGINT NOT NULL)
"""
_CONTROLS: Final = """
    CREATE TABLE controls (
        id TEXT NOT NULL PRIMARY KEY, document TEXT NOT NULL, expires_at BIGINT NOT NULL, ended_at BIGINT,
        ended_by TEXT NOT NULL, number BIGINT NOT NULL)
"""
_PUBLICATIONS: Final = """
    CREATE TABLE publications (
        api TEXT NOT NULL, number BIGINT NOT NULL, version TEXT NOT NULL, digest TEXT NOT NULL, contract TEXT NOT NULL,
        verdict TEXT NOT NULL, published_by TEXT NOT NULL, published_at BIGINT NOT NULL,
        PRIMARY KEY (api, number))
"""

MIGRATIONS: Final = (
    Migration(
        1,
        "tokens",
        (
            _REVOKED,
            "CREATE INDEX revoked_tokens_expiry ON revoked_tokens (expires_at)",
            _USED_IDS,
            "CREATE INDEX used_ids_expiry ON used_ids (expires_at)",
        ),
    ),
    Migration(
        2,
        "keys",
        (
            _BLOCKED,
            "CREATE INDEX blocked_keys_number ON blocked_keys (number)",
            _KEYS,
            "CREATE INDEX kept_keys_number ON kept_keys (number)",
            "CREATE INDEX kept_keys_expiry ON kept_keys (expires_at)",
            _CHANGES,
            _USED,
            _FINDINGS,
            "CREATE INDEX findings_seen ON findings (last_seen)",
        ),
    ),
    Migration(
        3,
        "controls",
        (
            _CONTROLS,
            "CREATE INDEX controls_number ON controls (number)",
            "CREATE INDEX controls_expiry ON controls (expires_at)",
        ),
    ),
    Migration(4, "publications", (_PUBLICATIONS,)),
)

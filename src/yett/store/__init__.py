"""What must outlive the process: the only room that speaks SQL. Nothing here decides; `services` is the only writer.

One `Database` (SQLite by the standard library) is shared by small repositories, one file a concern. To add a table:

1. append a `Migration` to `migrations.MIGRATIONS`: the next number, a name, and statements that SQLite and PostgreSQL
   both take (`TEXT`, `BIGINT`, `BLOB` only as a last resort; times are Unix seconds; every table has a `PRIMARY KEY`;
   whatever lapses has an indexed `expires_at`). One that was released is never edited: a later one mends it;
2. write `store/<concern>.py`: a frozen dataclass a row, and a repository class that takes the `Database`. Its methods
   are named for what they are for (`revoke`, `first_use`), not for SQL. Values are always `?`, never formatted in;
3. give it `sweep(now)` if rows lapse, so that no table grows without end;
4. test it in `tests/store/test_<concern>.py` with `Database.in_memory()`, and on a file what must survive a restart.

A write that matters happens in one `transaction()`, which is on disk when the block has ended. No caller-supplied text
becomes part of a statement, and no secret is stored in the clear: keyed hashes only.
"""

from __future__ import annotations

from yett.store.controls import ControlStore
from yett.store.database import Database, Transaction
from yett.store.findings import FindingStore
from yett.store.keys import BlockedKey, KeptKey, KeyStore, KeyUse
from yett.store.publications import Publication, PublicationStore
from yett.store.tokens import RevokedToken, TokenStore

__all__ = [
    "BlockedKey",
    "ControlStore",
    "Database",
    "FindingStore",
    "KeptKey",
    "KeyStore",
    "KeyUse",
    "Publication",
    "PublicationStore",
    "RevokedToken",
    "TokenStore",
    "Transaction",
]

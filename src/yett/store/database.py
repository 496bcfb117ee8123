"""One file of SQLite, opened privately, brought up to date, and written in transactions."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from yett.errors import StoreError
from yett.store.migrations import MIGRATIONS, Migration

_PATIENCE_S: Final = 2.0
"""How long another process may hold the file before a write is given up."""

Row = tuple[Any, ...]


class Transaction:
    """Statements that happen together or not at all. Valid within its block."""

    __slots__ = ("_cursor",)

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    def run(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Run a statement; how many rows it touched."""
        return self._cursor.execute(statement, values).rowcount

    def run_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> int:
        """Run a statement for each of `rows`; how many rows were touched."""
        return self._cursor.executemany(statement, rows).rowcount

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """What a query finds."""
        return self._cursor.execute(statement, values).fetchall()

    def row(self, statement: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row that a query finds."""
        found: Row | None = self._cursor.execute(statement, values).fetchone()
        return found


class Database:
    """The tables. Its methods may be called from any thread; each transaction has the file to itself."""

    def __init__(self, connection: sqlite3.Connection, migrations: Sequence[Migration] = MIGRATIONS) -> None:
        """Take a connection in autocommit mode and bring its tables up to date. Raises `StoreError`."""
        self._connection = connection
        self._lock = threading.RLock()
        with _translated():
            self._migrate(migrations)

    @classmethod
    def open(cls, path: Path, migrations: Sequence[Migration] = MIGRATIONS) -> Database:
        """The database at `path`, which only its owner can read; made, with its folder, where there is none.

        Raises `StoreError` when it cannot be opened, is no database, or was written by a later version.
        """
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Only where there is none: to close a file lets go of every lock that this process has on it (POSIX), those
            # of open connections too; another process would then take itself for the last one and remove the log.
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            raise StoreError(f"cannot open the store {path}: {reason}") from None
        with _translated(f"the store {path}"):
            connection = _connected(str(path))
            # Readers do not wait for a writer; what was committed survives a loss of power.
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
        return cls(connection, migrations)

    @classmethod
    def in_memory(cls, migrations: Sequence[Migration] = MIGRATIONS) -> Database:
        """A database that ends with the process: for tests, and for simulations."""
        return cls(_connected(":memory:"), migrations)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A block whose statements are on disk when it has ended, and undone when it raises. Raises `StoreError`."""
        with self._lock, _translated():
            cursor = self._connection.cursor()
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield Transaction(cursor)
                cursor.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    cursor.execute("ROLLBACK")
                raise
            finally:
                cursor.close()

    def version(self) -> int:
        """A number that differs as soon as another connection's changes can be seen. Raises `StoreError`.

        How the file looks does not tell that: it is written before what was written can be read.
        """
        with self._lock, _translated():
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def _migrate(self, migrations: Sequence[Migration]) -> None:
        with self.transaction() as transaction:
            transaction.run("CREATE TABLE IF NOT EXISTS migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL)")
            done: dict[int, str] = dict(transaction.rows("SELECT number, name FROM migrations"))
            known = {one.number: one.name for one in migrations}
            if strange := sorted(number for number in done if known.get(number) != done[number]):
                message = f"the store was written by another version: it has step {strange[0]}, `{done[strange[0]]}`"
                raise StoreError(message, code="store-newer", hint="run the version that wrote it, or a later one")
            for one in migrations:
                if one.number not in done:
                    for statement in one.statements:
                        transaction.run(statement)
                    transaction.run("INSERT INTO migrations (number, name) VALUES (?, ?)", (one.number, one.name))


def _connected(name: str) -> sqlite3.Connection:
    # No implicit transactions: every one is begun and ended here. The lock of `Database` keeps threads apart.
    connection = sqlite3.connect(name, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA trusted_schema=OFF")
    return connection


@contextmanager
def _translated(what: str = "the store") -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"{what} cannot be used: {error}") from None

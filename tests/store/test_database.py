"""The file that outlives the process."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from yett.errors import StoreError
from yett.store import Database
from yett.store.migrations import MIGRATIONS, Migration

NOTES = Migration(1, "notes", ("CREATE TABLE notes (id TEXT PRIMARY KEY, text TEXT NOT NULL)",))
LATER = Migration(2, "later", ("ALTER TABLE notes ADD COLUMN colour TEXT",))


def test_a_new_store_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "store.db"
    Database.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    first = Database.open(tmp_path / "store.db", [NOTES])
    with first.transaction() as transaction:
        transaction.run("INSERT INTO notes VALUES (?, ?)", ("a", "one"))
    first.close()
    with Database.open(tmp_path / "store.db", [NOTES, LATER]).transaction() as transaction:
        assert transaction.rows("SELECT id, text, colour FROM notes") == [("a", "one", None)]


def test_a_transaction_that_raises_leaves_nothing_behind() -> None:
    database = Database.in_memory([NOTES])

    def write_and_fail() -> None:
        with database.transaction() as transaction:
            transaction.run("INSERT INTO notes VALUES ('a', 'one')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    with database.transaction() as transaction:
        assert transaction.row("SELECT id FROM notes") is None


def test_a_store_of_a_later_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    Database.open(tmp_path / "store.db", [NOTES, LATER]).close()
    with pytest.raises(StoreError) as refused:
        Database.open(tmp_path / "store.db", [NOTES])
    assert refused.value.code == "store-newer"


def test_a_file_that_is_no_database_is_told_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_text("this is a diary, not a database " * 100)
    with pytest.raises(StoreError, match=r"store\.db"):
        Database.open(path)
    assert path.read_text().startswith("this is a diary")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError):
        Database.open(tmp_path / "file" / "store.db")


def test_transactions_of_many_threads_and_connections_are_all_kept(tmp_path: Path) -> None:
    databases = [Database.open(tmp_path / "store.db", [NOTES]) for _ in range(2)]

    def write(number: int) -> None:
        with databases[number % 2].transaction() as transaction:
            transaction.run("INSERT INTO notes VALUES (?, ?)", (str(number), ""))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(64)))
    with databases[0].transaction() as transaction:
        assert transaction.row("SELECT count(*) FROM notes") == (64,)
    for database in databases:
        database.close()


def test_a_mistake_in_sql_is_one_of_our_errors() -> None:
    with pytest.raises(StoreError), Database.in_memory([NOTES]).transaction() as transaction:
        transaction.run("INSERT INTO nowhere VALUES (1)")


def test_steps_are_numbered_without_gaps_and_their_tables_have_keys() -> None:
    assert [one.number for one in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))
    connection = sqlite3.connect(":memory:", isolation_level=None)
    Database(connection)
    tables = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    assert [name for name, sql in tables if "PRIMARY KEY" not in sql] == []
    connection.close()


def test_a_store_that_is_opened_again_still_sees_what_other_processes_write(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    kept = Database.open(path)
    Database.open(path).close()
    write = (
        "import pathlib, sys; from yett.store import Database, KeyStore;"
        "database = Database.open(pathlib.Path(sys.argv[1]));"
        "KeyStore(database).block(sys.argv[2], 'revoked', now=1); database.close()"
    )
    for name in ("k1", "k2", "k3"):
        before = kept.version()
        subprocess.run([sys.executable, "-c", write, str(path), name], check=True, timeout=60)
        assert kept.version() != before
        with kept.transaction() as transaction:
            assert transaction.row("SELECT 1 FROM blocked_keys WHERE id = ?", (name,)) is not None
    kept.close()

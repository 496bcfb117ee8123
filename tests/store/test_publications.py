"""Publications in the store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from yett.errors import StoreError
from yett.store import Database, Publication, PublicationStore

FIRST = Publication("shop", "1.0.0", "d1", "{}", "[]", "ann", 100)


def test_publications_are_numbered_by_api_and_survive_a_restart(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "store.db")
    store = PublicationStore(database)
    store.publish([FIRST, replace(FIRST, api="box")])
    store.publish([replace(FIRST, version="1.1.0", digest="d2")])
    database.close()
    store = PublicationStore(Database.open(tmp_path / "store.db"))
    found = [(one.api, one.number, one.version) for one in store.history()]
    assert found == [("box", 1, "1.0.0"), ("shop", 1, "1.0.0"), ("shop", 2, "1.1.0")]
    assert {name: one.digest for name, one in store.latest().items()} == {"box": "d1", "shop": "d2"}


def test_all_are_kept_or_none() -> None:
    store = PublicationStore(Database.in_memory())
    with pytest.raises(StoreError):
        store.publish([FIRST, replace(FIRST, api="box", contract=None)])  # type: ignore[arg-type]
    assert store.history() == []

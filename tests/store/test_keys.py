"""Keys in the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from yett.store import Database, KeptKey, KeyStore, KeyUse


@pytest.fixture
def store() -> KeyStore:
    return KeyStore(Database.in_memory())


def key(name: str, **more: object) -> KeptKey:
    return KeptKey(name, "app", f"yett_live_{name:0>8}", "ab" * 32, **more)  # type: ignore[arg-type]


def test_a_blocked_key_is_known_with_why_and_when(store: KeyStore) -> None:
    store.block("k1", "leaked", note="found in a log", now=100)
    (one,) = store.blocked()
    assert (one.id, one.because, one.note, one.since) == ("k1", "leaked", "found in a log", 100)


def test_a_revoked_key_does_not_become_merely_leaked(store: KeyStore) -> None:
    store.block("k1", "revoked", now=100)
    store.block("k1", "leaked", now=200)
    assert [(one.because, one.since) for one in store.blocked()] == [("revoked", 100)]


def test_every_change_has_a_higher_number_so_that_none_is_missed(store: KeyStore) -> None:
    store.block("k1", "revoked", now=1)
    store.keep([key("k2"), key("k3")])
    store.block("k4", "leaked", now=2)
    assert [one.number for one in store.blocked()] == [1, 4]
    assert [one.id for one in store.kept(since=2)] == ["k3"]
    assert store.release("k4", now=3)
    assert [(one.id, one.because) for one in store.blocked(since=4)] == [("k4", "released")]


def test_only_a_blocked_key_can_be_released(store: KeyStore) -> None:
    assert not store.release("k1", now=1)
    store.block("k1", "leaked", now=1)
    assert store.release("k1", now=1)
    assert not store.release("k1", now=1)


def test_a_kept_key_comes_back_as_it_was_and_is_replaced_by_id(store: KeyStore) -> None:
    one = key("k1", profiles=("a", "b"), made_at=5, expires_at=9, successor_of="k0")
    store.keep([one])
    store.keep([key("k1", expires_at=7)])
    (found,) = store.kept()
    assert (found.profiles, found.expires_at, found.number) == (None, 7, 2)
    assert store.sweep(before=7) == 0
    assert store.sweep(before=8) == 1
    assert store.kept() == []


def test_a_number_is_never_given_twice_even_when_its_row_is_gone(store: KeyStore) -> None:
    store.keep([key("k1", expires_at=7)])
    store.sweep(before=8)
    store.block("k2", "revoked", now=1)
    assert [one.number for one in store.blocked()] == [2]


def test_uses_keep_the_first_and_the_last(store: KeyStore) -> None:
    store.note_uses([("k1", 120), ("k2", 60)])
    store.note_uses([("k1", 60)])
    store.note_uses([("k1", 600)])
    assert store.uses() == {"k1": KeyUse("k1", 120, 600), "k2": KeyUse("k2", 60, 60)}


def test_a_blocked_key_stays_so_when_the_process_has_ended(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "store.db")
    KeyStore(database).block("k1", "revoked", now=1)
    database.close()
    database = Database.open(tmp_path / "store.db")
    assert [one.id for one in KeyStore(database).blocked()] == ["k1"]
    database.close()

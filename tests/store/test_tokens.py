"""Revoked tokens, and ids that may be used once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.store import Database, RevokedToken, TokenStore

TOKEN = RevokedToken("https://issuer.example", "t1", 100, "robot")


@pytest.fixture
def store() -> TokenStore:
    return TokenStore(Database.in_memory())


def test_a_revoked_token_is_known_by_issuer_and_id(store: TokenStore) -> None:
    assert store.revoke(TOKEN, now=50)
    assert not store.revoke(TOKEN, now=51)
    assert store.is_revoked("https://issuer.example", "t1")
    assert not store.is_revoked("https://other.example", "t1")
    assert store.revoked(now=99) == [TOKEN]
    assert store.revoked(now=100) == []


def test_what_was_revoked_survives_a_restart(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "store.db")
    TokenStore(database).revoke(TOKEN, now=50)
    database.close()
    database = Database.open(tmp_path / "store.db")
    assert TokenStore(database).revoked(now=50) == [TOKEN]
    database.close()


def test_an_id_is_used_once_by_each_owner_for_each_purpose(store: TokenStore) -> None:
    assert store.first_use("assertion", "robot", "j", expires_at=100)
    assert not store.first_use("assertion", "robot", "j", expires_at=100)
    assert store.first_use("assertion", "other", "j", expires_at=100)
    assert store.first_use("proof", "robot", "j", expires_at=100)


def test_of_many_who_use_an_id_at_once_one_is_the_first(tmp_path: Path) -> None:
    databases = [Database.open(tmp_path / "store.db") for _ in range(4)]
    stores = [TokenStore(database) for database in databases]
    with ThreadPoolExecutor(8) as pool:
        first = list(pool.map(lambda n: stores[n % 4].first_use("assertion", "robot", "j", expires_at=9), range(32)))
    assert first.count(True) == 1
    for database in databases:
        database.close()


def test_what_has_expired_is_swept_and_nothing_else(store: TokenStore) -> None:
    store.revoke(TOKEN, now=50)
    store.first_use("assertion", "robot", "j", expires_at=200)
    assert store.sweep(now=99) == 0
    assert store.sweep(now=100) == 1
    assert not store.is_revoked(TOKEN.issuer, TOKEN.jti)
    assert not store.first_use("assertion", "robot", "j", expires_at=200)


@given(st.lists(st.text(max_size=20), max_size=20))
def test_whatever_an_id_looks_like_it_is_the_same_as_itself_alone(ids: list[str]) -> None:
    store = TokenStore(Database.in_memory())
    assert [store.first_use("p", "o", one, expires_at=1) for one in ids] == [
        one not in ids[:index] for index, one in enumerate(ids)
    ]

"""What happens to keys while a gateway runs. Nothing here waits: the desk is asked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.services.gateways import QuietGateway
from yett.errors import SnapshotRefusedError, StoreError
from yett.gateway import Applied, GatewayOptions
from yett.model.stolen import Finding
from yett.services.key_desk import KeyDesk
from yett.services.patches import Patches
from yett.store import BlockedKey, Database, FindingStore, KeptKey, KeyStore

FOUND = Finding("finding-1", "leaked-key", "critical", "k1", (("place", "mail"),), 100, 110, 3)


class Refusing(QuietGateway):
    """Refuses to put keys."""

    def patch(self, patch: bytes) -> Applied:
        if b"put-credential" in patch:
            raise SnapshotRefusedError([])
        return super().patch(patch)


class House:
    """A desk and its gateway; `keys` is another process that writes to the store."""

    def __init__(self, folder: Path, gateway: type[QuietGateway] = QuietGateway) -> None:
        self.path = folder / "store.db"
        self.keys = KeyStore(Database.open(self.path))
        self.gateway = gateway(GatewayOptions("127.0.0.1:0", b""))
        self.now = 1_000.0
        self.desk = KeyDesk(str(self.path), Patches(self.gateway), self.gateway, lambda: self.now)
        self.desk.open()
        self.desk.recall()

    def changes(self) -> list[dict[str, Any]]:
        """What the gateway was told since the last time."""
        changes = [change for patch in self.gateway.patches for change in patch["changes"]]
        self.gateway.patches.clear()
        return changes


def test_a_key_that_is_blocked_elsewhere_is_told_once_and_so_is_its_release(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.keys.block("k1", "revoked", now=1)
    house.keys.block("k2", "leaked", now=1)
    house.desk.glance()
    assert house.changes() == [
        {"change": "block-credential", "id": "k1", "because": "revoked"},
        {"change": "block-credential", "id": "k2", "because": "leaked"},
    ]
    house.keys.release("k2", now=2)
    house.desk.glance()
    house.desk.glance()
    assert house.changes() == [{"change": "release-credential", "id": "k2"}]


def test_a_key_that_was_blocked_before_the_start_is_told_before_the_gateway_serves(tmp_path: Path) -> None:
    House(tmp_path).keys.block("k1", "revoked", now=1)
    assert [one["id"] for one in House(tmp_path).changes()] == ["k1"]


def test_a_new_key_that_is_refused_does_not_hold_a_revocation_up(tmp_path: Path) -> None:
    house = House(tmp_path, Refusing)
    house.keys.keep([KeptKey("k2", "nobody", "yett_live_00000000", "ab" * 32)])
    house.keys.block("k1", "revoked", now=1)
    house.desk.glance()
    assert [one["change"] for one in house.changes()] == ["block-credential"]


def test_a_rotated_key_is_put_with_what_it_carries(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.keys.keep([KeptKey("k2", "app", "yett_live_00000000", "ab" * 32, ("reader",), expires_at=9)])
    house.desk.glance()
    credential = {"id": "k2", "app": "app", "prefix": "yett_live_00000000", "hash": "ab" * 32}
    credential |= {"expires_at": 9, "profiles": ["reader"]}  # type: ignore[dict-item]
    assert house.changes() == [{"change": "put-credential", "credential": credential}]


def test_a_key_that_is_kept_between_two_looks_is_not_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(tmp_path)
    look = KeyStore.blocked

    def late(store: KeyStore, *, since: int = 0) -> list[BlockedKey]:
        patch.undo()
        house.keys.keep([KeptKey("k2", "app", "yett_live_00000000", "ab" * 32)])
        house.keys.block("k1", "revoked", now=1)
        return look(store, since=since)

    house.keys.block("k0", "revoked", now=1)
    with monkeypatch.context() as patch:
        patch.setattr(KeyStore, "blocked", late)
        house.desk.glance()
    house.desk.glance()
    told = [one.get("id") or one["credential"]["id"] for one in house.changes()]
    assert told == ["k0", "k1", "k2"]


def test_a_failed_glance_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(tmp_path)
    house.keys.block("k1", "revoked", now=1)
    with monkeypatch.context() as patch:
        patch.setattr(KeyStore, "blocked", _broken)
        with pytest.raises(StoreError):
            house.desk.glance()
    house.desk.glance()
    assert [one["id"] for one in house.changes()] == ["k1"]


def _broken(*_: object, **__: object) -> None:
    raise StoreError("the store is gone")


def test_a_leaked_key_stays_blocked_and_its_finding_is_remembered(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.gateway.noticed = [FOUND]
    assert list(house.desk.news()) == [FOUND]
    assert [(one.id, one.because, one.note) for one in house.keys.blocked()] == [("k1", "leaked", "mail")]
    assert FindingStore(Database.open(house.path)).all() == [FOUND]


def test_uses_are_noted_now_and_then_and_at_the_end(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.gateway.used = [("k1", 10)]
    house.desk.tend()
    assert house.keys.uses()["k1"].last_at == 600
    house.gateway.used = [("k1", 11)]
    house.now += 30
    house.desk.tend()
    assert house.keys.uses()["k1"].last_at == 600
    house.desk.stop()
    assert house.keys.uses()["k1"].last_at == 660


def test_a_store_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_text("this is no database, however long it may be" * 50)
    gateway = QuietGateway(GatewayOptions("127.0.0.1:0", b""))
    with pytest.raises(StoreError):
        KeyDesk(str(tmp_path / "store.db"), Patches(gateway), gateway).open()


def test_a_started_desk_takes_up_a_revocation_by_itself(tmp_path: Path) -> None:
    house = House(tmp_path)
    done = house.gateway.told
    house.desk.start()
    house.keys.block("k1", "revoked", now=1)
    assert done.wait(20)
    house.desk.stop()

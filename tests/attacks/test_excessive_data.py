"""Answers hold what the contract promises, and nothing else of a record."""

from __future__ import annotations

from collections.abc import Callable

from tests.attacks.guarded import Guarded
from tests.attacks.shop import WeakShop
from tests.e2e.client import Client

NAMED = {"id", "name", "email", "phone"}


def test_the_bare_shop_tells_whole_records(weak_shop: WeakShop) -> None:
    assert set(Client(weak_shop.port).get("/customers/1").json) > NAMED


def test_what_the_contract_does_not_name_is_dropped(guarded: Callable[..., Guarded]) -> None:
    answer = guarded(guards={"contract": {"response_unknown": "drop"}}).client().get("/customers/1")
    assert (answer.status, set(answer.json)) == (200, NAMED)


def test_in_monitor_it_is_told_and_passes(guarded: Callable[..., Guarded]) -> None:
    shop = guarded(guards={"contract": {"response_unknown": "monitor"}})
    assert "card" in shop.client().get("/customers/1").json

"""Callers change what the contract lets them, and nothing else of a record."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.attacks.guarded import Guarded
from tests.attacks.shop import WeakShop
from tests.e2e.client import Client

ATTACK = {"name": "Mira", "role": "admin"}


def test_the_bare_shop_takes_any_role(weak_shop: WeakShop) -> None:
    assert Client(weak_shop.port).call("PUT", "/customers/1", ATTACK).json["role"] == "admin"


def test_a_property_without_a_name_is_refused(guarded: Callable[..., Guarded], weak_shop: WeakShop) -> None:
    caller = guarded(guards={"contract": {"unknown_properties": "refuse"}}).client()
    refused = caller.call("PUT", "/customers/1", ATTACK)
    assert (refused.status, refused.json["code"]) == (400, "request-invalid")
    assert weak_shop.shop.customers[1]["role"] == "reader"
    assert caller.call("PUT", "/customers/1", {"name": "Mira"}).status == 200


def test_a_property_without_a_name_is_taken_out(guarded: Callable[..., Guarded], weak_shop: WeakShop) -> None:
    caller = guarded(guards={"contract": {"unknown_properties": "strip", "read_only": "strip"}}).client()
    answer = caller.call("PUT", "/customers/1", {"id": 99, **ATTACK})
    assert (answer.status, answer.json["name"]) == (200, "Mira")
    assert (weak_shop.shop.customers[1]["role"], weak_shop.shop.customers[1]["id"]) == ("reader", 1)


@pytest.mark.parametrize("guards", [{}, {"contract": {"unknown_properties": "strip"}}])
def test_what_is_read_only_is_refused_unless_it_is_taken_out(
    guarded: Callable[..., Guarded], weak_shop: WeakShop, guards: dict[str, object]
) -> None:
    refused = guarded(guards=guards).client().call("PUT", "/customers/1", {"id": 99, "name": "Mira"})
    assert (refused.status, refused.json["code"]) == (400, "request-invalid")
    assert weak_shop.shop.customers[1]["id"] == 1

"""Floods from one address or with one key leave the others served."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.attacks.guarded import Guarded
from tests.attacks.shop import WeakShop
from tests.e2e.client import Client

PATH = "/search?title=Salt"
MANY = 60


def flood(caller: Client, headers: dict[str, str] | None = None) -> Counter[int]:
    """How often each status came of many requests at once."""
    with ThreadPoolExecutor(8) as pool:
        return Counter(pool.map(lambda _: caller.get(PATH, headers).status, range(MANY)))


def test_the_bare_shop_serves_every_request_of_a_flood(weak_shop: WeakShop) -> None:
    assert flood(Client(weak_shop.port)) == {200: MANY}


def test_a_flood_with_one_key_is_cut_off_and_another_key_is_served(guarded: Callable[..., Guarded]) -> None:
    shop = guarded(limits=[{"requests": 10, "per": "hour", "by": "app"}])
    seen = flood(shop.client("alice"))
    assert seen == {200: 10, 429: MANY - 10}
    assert shop.client("bob").get(PATH).status == 200
    refused = shop.client("alice").get(PATH)
    assert refused.problem["code"] == "rate-exceeded"
    assert int(refused.headers["retry-after"]) > 0


def test_a_flood_from_one_address_is_cut_off_before_identity(guarded: Callable[..., Guarded]) -> None:
    gateway = {"limits": [{"requests": 10, "per": "hour", "by": "address"}], "trusted_proxies": ["127.0.0.1"]}
    shop = guarded(gateway=gateway)
    seen = flood(shop.client(""), {"x-forwarded-for": "203.0.113.9"})
    assert seen == {401: 10, 429: MANY - 10}
    assert shop.client("bob").get(PATH, {"x-forwarded-for": "203.0.113.10"}).status == 200

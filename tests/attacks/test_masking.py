"""Personal data reaches only those whose profiles see it, whichever way it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.guarded import CONTRACT, Guarded
from tests.attacks.shop import WeakShop
from tests.e2e.client import Client

EMAIL = "mira@example.org"
CARD = "4111111111111111"
SEEING: dict[str, Any] = {
    "profiles": [
        {"name": "all", "grants": [{"operation": "shop:*"}]},
        {"name": "support", "inherits": ["all"], "sees": ["pii"]},
    ],
    "apps": [
        {"name": "alice", "team": "crew", "profiles": ["all"], "keys": [{"env": "ALICE_KEY"}]},
        {"name": "bob", "team": "crew", "profiles": ["support"], "keys": [{"env": "BOB_KEY"}]},
    ],
}


@pytest.fixture
def classified(tmp_path: Path) -> str:
    """The shop's contract with its personal data classified, as the API names it."""
    text = CONTRACT.read_text()
    for name, kind in (("email", "pii.email"), ("phone", "pii.phone")):
        text = text.replace(f"{name}: {{type: string}}", f"{name}: {{type: string, x-yett-data: {{class: {kind}}}}}")
    (tmp_path / "classified.openapi.yaml").write_text(text)
    return "../classified.openapi.yaml"


def test_a_customer_is_told_whole_by_the_bare_shop(weak_shop: WeakShop) -> None:
    told = Client(weak_shop.port).get("/customers/1").json
    assert (told["email"], told["card"]) == (EMAIL, CARD)


def test_what_is_classified_is_seen_by_those_alone_whose_profile_sees_it(
    guarded: Callable[..., Guarded], classified: str
) -> None:
    shop = guarded(contract=classified, **SEEING)
    masked = shop.client("alice").get("/customers/1")
    assert (masked.status, masked.json["email"], masked.json["name"]) == (200, "***", "Mira Holm")
    assert shop.client("bob").get("/customers/1").json["email"] == EMAIL


def test_a_kept_answer_is_masked_for_each_who_gets_it(guarded: Callable[..., Guarded], classified: str) -> None:
    cache = {"default_ttl": "60s", "shared_between_callers": True}
    shop = guarded(contract=classified, cache=cache, **SEEING)
    for _ in range(2):
        assert shop.client("bob").get("/customers/1").json["email"] == EMAIL
        masked = shop.client("alice").get("/customers/1")
        assert masked.json["email"] == "***"
        assert "private" in masked.headers["cache-control"]
        assert "etag" not in masked.headers


def test_a_part_or_a_coding_shows_nothing(guarded: Callable[..., Guarded], classified: str) -> None:
    caller = guarded(contract=classified).client()
    for headers in ({"range": "bytes=0-200"}, {"accept-encoding": "gzip"}, {"if-none-match": "*"}):
        answer = caller.get("/customers/1", headers)
        assert (answer.status, answer.json["email"]) == (200, "***")


def test_a_card_that_no_contract_classifies_is_found(guarded: Callable[..., Guarded]) -> None:
    shop = guarded(guards={"mask": {"detect": ["pii.card"], "rules": {"pii.card": "format-preserving"}}})
    told = shop.client().get("/customers/1").json
    assert (told["email"], len(told["card"])) == (EMAIL, 16)
    assert told["card"] != CARD


def test_a_request_holds_no_card(guarded: Callable[..., Guarded], weak_shop: WeakShop) -> None:
    shop = guarded(guards={"mask": {"requests": {"forbid": ["pii.card"], "redact": ["pii.email"]}}})
    caller = shop.client()
    refused = caller.post("/reviews", {"text": f"my card is {CARD}"})
    assert (refused.status, refused.json["code"]) == (400, "data-forbidden")
    assert caller.post("/reviews", {"text": f"write to {EMAIL}"}).status == 201
    assert weak_shop.shop.reviews == ["write to ***"]

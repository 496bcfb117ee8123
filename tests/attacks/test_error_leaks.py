"""Errors tell callers that something went wrong, and nothing of the inside."""

from __future__ import annotations

from collections.abc import Callable

from tests.attacks.guarded import Guarded
from tests.attacks.shop import WeakShop
from tests.e2e.client import Client

INSIDE = ("Traceback", "sqlite3", "10.20.30.40", ".py")
PASSING: dict[str, list[str]] = {"replace": []}


def test_the_bare_shop_tells_its_inside(weak_shop: WeakShop) -> None:
    assert all(one in Client(weak_shop.port).get("/crash").body.decode() for one in INSIDE)


def test_a_trace_is_replaced_even_where_errors_pass(guarded: Callable[..., Guarded]) -> None:
    answer = guarded(errors=PASSING).client().get("/crash")
    assert (answer.status, answer.json["code"]) == (500, "upstream-error")
    assert not any(one in answer.body.decode() for one in INSIDE)
    assert "WeakShop" not in str(answer.headers)


def test_without_the_guard_it_passes(guarded: Callable[..., Guarded]) -> None:
    off = {"leaks": {"mode": "off", "answers": "off"}}
    assert "Traceback" in guarded(errors=PASSING, guards=off).client().get("/crash").body.decode()


def test_a_plain_error_passes(guarded: Callable[..., Guarded]) -> None:
    answer = guarded().client().get("/orders/1")
    assert (answer.status, answer.json["title"]) == (404, "No such order")

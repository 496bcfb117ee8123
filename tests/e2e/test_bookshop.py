"""The example, end to end: every success and every refusal a caller can see."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.gateways import ROOT, Gateway
from yett.access.keys import new_key

ORDER: dict[str, Any] = {
    "customer_id": 1,
    "items": [{"book_id": 3, "quantity": 2, "gift": True}],
    "address": {"street": "7 Harbour Lane", "city": "Bergen", "country": "NO"},
}


def test_health_without_a_key_is_answered(shop: Gateway) -> None:
    found = shop.client().get("/bookshop/health")
    assert (found.status, found.json) == (200, {"status": "open"})


def test_a_search_by_a_reader_is_paged(shop: Gateway) -> None:
    found = shop.client("reader").get("/bookshop/books?genre=novel,poetry&sort=-title&page=2&per_page=1")
    assert found.status == 200
    assert [book["title"] for book in found.json["items"]] == ["A Grammar of Tides"]
    assert {name: found.json[name] for name in ("page", "per_page", "total", "pages")} == {
        "page": 2,
        "per_page": 1,
        "total": 2,
        "pages": 2,
    }


def test_an_order_by_a_buyer_is_made_once_and_found_again(shop: Gateway) -> None:
    buyer = shop.client("buyer")
    made = buyer.post("/bookshop/orders", ORDER, {"idempotency-key": "order-of-mira"})
    assert (made.status, made.json["total"]) == (201, {"amount": "29.00", "currency": "EUR"})
    again = buyer.post("/bookshop/orders", ORDER, {"idempotency-key": "order-of-mira"})
    assert again.json["id"] == made.json["id"]
    assert buyer.get(f"/bookshop/orders/{made.json['id']}").json["items"] == ORDER["items"]


def test_a_clerk_keeps_the_shelves(shop: Gateway) -> None:
    clerk = shop.client("clerk")
    book = {
        "title": "The Quiet Ledger",
        "author_id": 2,
        "isbn": "9781402894626",
        "genre": "novel",
        "price": {"amount": "14.50", "currency": "EUR"},
    }
    made = clerk.post("/bookshop/books", book)
    assert made.status == 201
    place = f"/bookshop/books/{made.json['id']}"
    assert clerk.call("PUT", place, {**book, "stock": 4}).json["stock"] == 4
    assert clerk.call("DELETE", place).status == 204
    assert clerk.get(place).status == 404


def test_a_missing_key_is_401_with_a_challenge(shop: Gateway) -> None:
    found = shop.client().get("/bookshop/books/1")
    assert (found.status, found.problem["code"]) == (401, "credential-missing")
    assert "www-authenticate" in found.headers


@pytest.mark.parametrize(
    "key",
    ["nonsense", "yett_test_" + "a" * 40 + "_000000", new_key("test").text],
    ids=["no-key", "checksum", "unknown"],
)
def test_a_wrong_key_is_401_and_says_no_more(shop: Gateway, key: str) -> None:
    found = shop.client().get("/bookshop/books/1", {"x-api-key": key})
    assert (found.status, found.problem["code"]) == (401, "credential-invalid")
    assert key not in found.body.decode()


def test_a_reader_may_not_delete(shop: Gateway) -> None:
    found = shop.client("reader").call("DELETE", "/bookshop/books/1")
    assert (found.status, found.problem["code"]) == (403, "access-denied")
    assert shop.client("reader").get("/bookshop/books/1").status == 200


def test_a_partner_neither_makes_nor_sees_the_order_of_another_customer(shop: Gateway) -> None:
    buyer, order = shop.client("buyer"), {**ORDER, "customer_id": 2}
    refused = buyer.post("/bookshop/orders", order)
    assert (refused.status, refused.problem["code"]) == (403, "policy-denied")
    assert "detail" not in refused.problem
    clerk = shop.client("clerk")
    made = clerk.post("/bookshop/orders", order)
    assert made.status == 201
    hidden = buyer.get(f"/bookshop/orders/{made.json['id']}")
    assert (hidden.status, hidden.problem["detail"]) == (403, "This order belongs to another customer.")
    assert "Harbour" not in hidden.body.decode()
    assert clerk.get(f"/bookshop/orders/{made.json['id']}").json["customer_id"] == 2


def test_a_path_outside_the_contract_is_404(shop: Gateway) -> None:
    found = shop.client("clerk").get("/bookshop/admin")
    assert (found.status, found.problem["code"]) == (404, "operation-unknown")


def test_a_path_of_no_api_is_404(shop: Gateway) -> None:
    found = shop.client("clerk").get("/elsewhere")
    assert (found.status, found.problem["code"]) == (404, "api-unknown")


def test_a_method_outside_the_contract_is_405_and_names_the_others(shop: Gateway) -> None:
    found = shop.client("clerk").call("PATCH", "/bookshop/books/1")
    assert (found.status, found.problem["code"]) == (405, "method-not-allowed")
    allowed = set(re.split(r",\s*", found.headers["allow"]))
    assert {"DELETE", "GET", "PUT"} <= allowed
    assert "PATCH" not in allowed


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"items": [{"book_id": 3, "quantity": 0}]}, "/items/0/quantity"),
        ({"items": [{"book_id": 3, "quantity": 1}, {"book_id": "3", "quantity": 1}]}, "/items/1/book_id"),
        ({"address": {**ORDER["address"], "country": "Norway"}}, "/address/country"),
        ({"id": 9}, "/id"),
        ({"discount": 100}, "/discount"),
    ],
    ids=["too-little", "wrong-type", "pattern", "read-only", "unknown"],
)
def test_a_wrong_field_of_the_body_is_400_and_named(shop: Gateway, change: dict[str, Any], field: str) -> None:
    found = shop.client("buyer").post("/bookshop/orders", {**ORDER, **change})
    assert (found.status, found.problem["code"]) == (400, "request-invalid")
    assert [(error["in"], error["field"]) for error in found.problem["errors"]] == [("body", field)]


def test_a_missing_field_of_the_body_is_400_and_named(shop: Gateway) -> None:
    found = shop.client("buyer").post("/bookshop/orders", {key: ORDER[key] for key in ("customer_id", "items")})
    assert [error["field"] for error in found.problem["errors"]] == ["/address"]


@pytest.mark.parametrize(
    ("path", "place", "field"),
    [
        ("/bookshop/books?per_page=1000", "query", "per_page"),
        ("/bookshop/books?sort=colour", "query", "sort"),
        ("/bookshop/books?genre=novel,cookery", "query", "genre"),
        ("/bookshop/books?debug=1", "query", "debug"),
        ("/bookshop/books/abc", "path", "book_id"),
    ],
)
def test_a_wrong_parameter_is_400_and_named(shop: Gateway, path: str, place: str, field: str) -> None:
    found = shop.client("reader").get(path)
    assert (found.status, found.problem["code"]) == (400, "request-invalid")
    error = found.problem["errors"][0]
    assert error["in"] == place
    assert error["field"].split("/")[0] == field


def test_the_fourth_request_of_a_visitor_is_429_with_a_time_to_wait(shop: Gateway) -> None:
    visitor = shop.client("visitor")
    answers = [visitor.get("/bookshop/books/1") for _ in range(4)]
    assert [one.status for one in answers] == [200, 200, 200, 429]
    assert answers[3].problem["code"] == "rate-exceeded"
    assert 1 <= int(answers[3].headers["retry-after"]) <= 60
    for one in answers:
        assert {"ratelimit", "ratelimit-policy"} <= one.headers.keys()


@pytest.mark.skipif(not shutil.which("curl"), reason="the demo sends its requests with curl, which is not installed")
def test_the_demo_answers_every_request_as_promised(tmp_path: Path) -> None:
    command: list[str | Path] = [sys.executable, ROOT / "examples" / "bookshop" / "demo.py", "--once"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=50, cwd=tmp_path, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert list(tmp_path.iterdir()) == []

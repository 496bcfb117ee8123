"""The weak shop is weak, and serves good callers alike with and without a gateway before it."""

from __future__ import annotations

import base64
import pickle
from collections.abc import Callable
from urllib.parse import quote

from tests.attacks.guarded import Guarded
from tests.attacks.shop import SECRET, WeakShop
from tests.e2e.client import Client


def test_a_search_leaks_another_table(weak_shop: WeakShop) -> None:
    sql = quote("x' UNION SELECT password FROM users --")
    assert SECRET in Client(weak_shop.port).get(f"/search?title={sql}").json["titles"]


def test_a_cover_leaks_a_file(weak_shop: WeakShop) -> None:
    assert Client(weak_shop.port).get("/covers?file=../secret.txt").json == {"text": SECRET}


def test_a_greeting_evaluates(weak_shop: WeakShop) -> None:
    assert SECRET in Client(weak_shop.port).get("/greeting?name=" + quote("{{SECRET}}")).json["text"]


def test_a_ping_runs_commands(weak_shop: WeakShop) -> None:
    assert "owned" in Client(weak_shop.port).post("/ping", {"host": "x; echo owned"}).json["output"].split("\n")


def test_a_query_object_signs_in(weak_shop: WeakShop) -> None:
    assert Client(weak_shop.port).post("/login", {"password": {"$ne": "x"}}).status == 200
    assert Client(weak_shop.port).post("/login", {"password": "x"}).status == 401


def test_a_document_type_reads_a_file(weak_shop: WeakShop) -> None:
    secret = weak_shop.shop.folder / "secret.txt"
    document = f'<!DOCTYPE a [<!ENTITY e SYSTEM "file://{secret}">]><a>&e;</a>'.encode()
    answer = Client(weak_shop.port).post("/import", document, {"content-type": "application/xml"})
    assert answer.json == {"text": SECRET}


def test_a_cookie_becomes_an_object(weak_shop: WeakShop) -> None:
    cookie = base64.b64encode(pickle.dumps({"evil": 1})).decode()
    assert "evil" in Client(weak_shop.port).get("/basket", {"cookie": f"basket={cookie}"}).json["items"]


def test_a_crash_tells_everything(weak_shop: WeakShop) -> None:
    said = Client(weak_shop.port).get("/crash")
    assert said.status == 500
    assert b"Traceback" in said.body
    assert b"10.20.30.40" in said.body


def test_good_callers_pass_the_gateway(guarded: Callable[..., Guarded]) -> None:
    alice = guarded().client()
    assert alice.get("/search?title=Salt").json == {"titles": ["The Salt Road"]}
    assert alice.get("/covers?file=salt.txt").json == {"text": "a cover"}
    assert alice.post("/ping", {"host": "books.example.org"}).json["output"] == "pinging books.example.org\n"
    assert alice.get("/orders/101").status == 200

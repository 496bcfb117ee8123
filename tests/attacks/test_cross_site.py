"""Pages of other sites: what they read, and what they make a browser send."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.attacks.guarded import Guarded
from tests.attacks.shop import WeakShop
from tests.e2e.client import Client

EVIL = "https://evil.example"
APP = "https://app.example"
SESSION = {"cookie": "session=s3ssion"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_a_form_of_another_site_pays_with_the_victims_session(weak_shop: WeakShop) -> None:
    sent = {**SESSION, **FORM, "origin": EVIL}
    assert Client(weak_shop.port).post("/payments", b"amount=9", sent).status == 200


@pytest.mark.parametrize(
    "page",
    [
        {"origin": EVIL},
        {"origin": "null"},
        {"referer": f"{EVIL}/form"},
        {"sec-fetch-site": "cross-site"},
        {},
    ],
    ids=lambda page: next(iter(page.items()), ("nothing",))[0],
)
def test_it_does_not_through_the_gateway(guarded: Callable[..., Guarded], page: dict[str, str]) -> None:
    caller = guarded(guards={"csrf": {"cookies": ["session"]}}, public=True).client("")
    refused = caller.post("/payments", b"amount=9", {**SESSION, **FORM, **page})
    assert (refused.status, refused.problem["code"]) == (403, "cross-site-request")


def test_the_shops_own_form_still_pays(guarded: Callable[..., Guarded]) -> None:
    caller = guarded(guards={"csrf": {"cookies": ["session"]}}, public=True).client("")
    own = {**SESSION, **FORM, "origin": f"http://127.0.0.1:{caller.port}"}
    assert caller.post("/payments", b"amount=9", own).json == {"paid": True}
    assert caller.post("/payments", b"amount=9", {**SESSION, **FORM, "sec-fetch-site": "same-origin"}).status == 200


def test_a_token_is_asked_for_where_it_is_configured(guarded: Callable[..., Guarded]) -> None:
    caller = guarded(guards={"csrf": {"cookies": ["session"], "token": True}}, public=True).client("")
    given = caller.get("/search?title=Salt", SESSION).headers["set-cookie"]
    assert "Secure" in given
    assert "SameSite=Strict" in given
    pair = given.partition(";")[0]
    token = pair.partition("=")[2]
    both = {**FORM, "cookie": f"session=s3ssion; {pair}", "sec-fetch-site": "same-origin"}
    assert caller.post("/payments", b"amount=9", both).problem["code"] == "cross-site-request"
    assert caller.post("/payments", b"amount=9", {**both, "x-csrf-token": token}).json == {"paid": True}
    stolen = {**both, "cookie": f"session=another; {pair}", "x-csrf-token": token}
    assert caller.post("/payments", b"amount=9", stolen).problem["code"] == "cross-site-request"


def test_only_named_pages_may_read_answers(guarded: Callable[..., Guarded]) -> None:
    caller = guarded(guards={"cors": {"origins": [APP], "credentials": True}}).client()
    told = caller.get("/search?title=Salt", {"origin": APP})
    assert told.headers["access-control-allow-origin"] == APP
    assert told.headers["vary"].lower() == "origin"
    evil = caller.get("/search?title=Salt", {"origin": EVIL})
    assert "access-control-allow-origin" not in evil.headers
    assert evil.headers["vary"].lower() == "origin"
    assert caller.get("/search?title=Salt", {"origin": EVIL, **SESSION}).problem["code"] == "origin-refused"


def test_a_preflight_is_answered_without_a_credential_and_never_reaches_the_shop(
    guarded: Callable[..., Guarded],
) -> None:
    caller = guarded(guards={"cors": {"origins": [APP]}}).client("")
    wanted = {"access-control-request-method": "POST", "access-control-request-headers": "content-type,x-api-key"}
    answer = caller.call("OPTIONS", "/payments", headers={"origin": APP, **wanted})
    assert (answer.status, answer.headers["access-control-allow-methods"]) == (204, "POST")
    assert answer.body == b""
    assert caller.call("OPTIONS", "/payments", headers={"origin": EVIL, **wanted}).problem["code"] == "origin-refused"
    assert caller.call("OPTIONS", "/payments", headers={"origin": "null", **wanted}).status == 403


def test_a_kept_answer_is_told_to_each_page_as_its_own(guarded: Callable[..., Guarded]) -> None:
    cors = {"origins": [APP, "https://*.team.example"]}
    cache = {"default_ttl": "1m", "shared_between_callers": True}
    caller = guarded(guards={"cors": cors}, public=True, cache=cache).client("")
    for origin in (APP, "https://a.team.example", APP):
        answer = caller.get("/search?title=Salt", {"origin": origin})
        assert (answer.headers["access-control-allow-origin"], answer.headers["vary"].lower()) == (origin, "origin")
    assert "access-control-allow-origin" not in caller.get("/search?title=Salt", {"origin": EVIL}).headers
    assert caller.get("/search?title=Salt").headers["vary"].lower() == "origin"

"""The endpoint as a whole: who is let in, how it answers, and how long guessers wait."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tokens.stage import BASE, DOOR, ISSUER, Stage, refusal
from yett.tokens.delays import FREE_FOR_CLIENT, FREE_FOR_SOURCE, Delays
from yett.tokens.endpoint import DOOR_HEADER, Endpoint, Request
from yett.tokens.issue import GRANTS
from yett.tokens.keys import KeyRing, new_signing_key, read_signing_key

FORM = {"grant_type": "client_credentials"}


@pytest.mark.parametrize("word", ["", "guess", DOOR + "x"])
def test_whoever_does_not_come_through_the_gateway_is_turned_away(stage: Stage, word: str) -> None:
    headers = {**stage.basic("robot"), DOOR_HEADER: word}
    answer = stage.post("/token", FORM, headers)
    assert (answer.status, answer.body) == (404, None)


@pytest.mark.parametrize(("method", "path"), [("GET", "/token"), ("POST", "/jwks"), ("POST", "/"), ("PUT", "/token")])
def test_what_is_not_there_is_not_found(stage: Stage, method: str, path: str) -> None:
    assert stage.endpoint.answer(Request(method, path, ((DOOR_HEADER, DOOR),))).status == 404


def test_the_metadata_are_what_a_foreign_library_takes(stage: Stage) -> None:
    body = stage.endpoint.answer(Request("GET", "/metadata", ((DOOR_HEADER, DOOR),))).body
    assert body is not None
    document = AuthorizationServerMetadata(dict(body))
    # The library asks for an authorization endpoint, which nobody needs who only offers grants for machines.
    for name in ("issuer", "token_endpoint", "jwks_uri", "revocation_endpoint", "introspection_endpoint"):
        getattr(document, f"validate_{name}")()
    assert (body["issuer"], body["token_endpoint"]) == (ISSUER, f"{BASE}/token")
    assert body["grant_types_supported"] == list(GRANTS)


def test_the_next_key_is_published_before_it_signs_and_the_previous_one_after(stage: Stage) -> None:
    old, new = (read_signing_key(new_signing_key()) for _ in range(2))
    kids: list[list[str]] = []
    before, body = None, None
    for ring in (KeyRing((old,)), KeyRing((old, new)), KeyRing((new, old)), KeyRing((new,))):
        stage.ring = ring
        stage.endpoint.take_up(stage.settings())
        body = stage.endpoint.answer(Request("GET", "/jwks", ((DOOR_HEADER, DOOR),))).body
        assert body is not None
        published = [key["kid"] for key in body["keys"]]
        kids.append(published)
        stage.read(stage.token("robot"))
        if before is not None and old.kid in published:
            active = stage.post("/introspect", {"token": before}, stage.basic("shop")).body
            assert active is not None
            assert active["active"] is True
        before = stage.access_token("robot")
    assert kids == [[old.kid], [old.kid, new.kid], [new.kid, old.kid], [new.kid]]
    assert body is not None
    assert not {"d", "p", "q"} & {name for key in body["keys"] for name in key}


def test_a_scope_is_narrowed_but_never_widened(stage: Stage) -> None:
    assert stage.read(stage.token("robot", scope="writer"))["scope"] == "writer"
    for scope in ("admin", "reader admin", "reader  writer", ""):
        answer = stage.token("robot", scope=scope)
        assert answer.status == 200 if not scope else refusal(answer) == (400, "invalid_scope")


def test_a_token_is_for_one_of_the_audiences_that_are_known(stage: Stage) -> None:
    other = "https://other.example.com"
    assert stage.read(stage.token("robot", resource=other))["aud"] == other
    assert stage.read(stage.token("robot", resource=other, audience=other))["aud"] == other
    assert refusal(stage.token("robot", audience="https://x.example")) == (400, "invalid_target")
    assert refusal(stage.token("robot", resource=[other, "https://api.example.com"])) == (400, "invalid_target")


@pytest.mark.parametrize("kind", ["password", "refresh_token", "authorization_code", "implicit", "x" * 1000])
def test_a_grant_that_is_not_offered_is_refused(stage: Stage, kind: str) -> None:
    assert refusal(stage.token("robot", grant_type=kind)) == (400, "unsupported_grant_type")


def test_a_request_without_a_grant_is_refused(stage: Stage) -> None:
    assert refusal(stage.post("/token", {"x": "y"}, stage.basic("robot"))) == (400, "invalid_request")


@pytest.mark.parametrize("field", ["authorization", "client-cert", DOOR_HEADER, "content-type"])
def test_a_header_field_given_twice_is_refused(stage: Stage, field: str) -> None:
    headers = [
        (DOOR_HEADER, DOOR),
        ("content-type", "application/x-www-form-urlencoded"),
        *stage.basic("robot").items(),
    ]
    request = Request("POST", "/token", (*headers, (field, "x"), (field, "y")), b"grant_type=client_credentials")
    assert refusal(stage.endpoint.answer(request)) == (400, "invalid_request")


def guess(stage: Stage) -> int:
    return stage.post("/token", FORM, stage.basic("robot", "guess")).status


def test_a_guesser_waits_longer_and_longer(stage: Stage) -> None:
    assert [guess(stage) for _ in range(FREE_FOR_SOURCE)] == [401] * FREE_FOR_SOURCE
    waits = []
    for _ in range(4):
        answer = stage.post("/token", FORM, stage.basic("robot", "guess"))
        assert refusal(answer) == (429, "slow_down")
        waits.append(int(answer.headers["retry-after"]))
        stage.stopwatch.now += waits[-1]
        assert guess(stage) == 401
    assert waits == sorted(waits)
    assert waits[-1] > waits[0]


def test_a_source_that_waits_is_not_believed_even_with_the_right_secret(stage: Stage) -> None:
    while guess(stage) == 401:
        pass
    assert refusal(stage.token("robot")) == (429, "slow_down")


def test_guessers_from_many_places_do_not_lock_out_a_client_where_it_is_known(stage: Stage) -> None:
    assert stage.token("robot").status == 200
    for number in range(3 * FREE_FOR_CLIENT):
        stage.source = f"198.51.100.{number}"
        guess(stage)
    assert guess(stage) == 429
    stage.source = "192.0.2.1"
    assert stage.token("robot").status == 200


def test_one_network_of_ipv6_is_one_source(stage: Stage) -> None:
    statuses = []
    for number in range(FREE_FOR_SOURCE + 1):
        stage.source = f"2001:db8::{number:x}"
        statuses.append(guess(stage))
    assert statuses[-1] == 429


def test_what_is_remembered_of_failures_is_bounded() -> None:
    delays = Delays(most=100)
    for number in range(1000):
        delays.failed(None, f"s{number}", 0.0)
        delays.proven(f"c{number}", f"s{number}")
        delays.failed(f"c{number}", f"s{number}", 0.0)
    assert len(delays._failures) <= 100
    assert len(delays._proven) <= 100


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.floats(0, 1000)), max_size=60))
def test_no_wait_is_longer_than_said(tries: list[tuple[str, str, float]]) -> None:
    delays, now = Delays(), 0.0
    for client, source, later in tries:
        now += later
        delays.failed(client, source, now)
        assert 0 <= delays.wait(client, source, now) <= 300


@given(st.binary(max_size=300), st.sampled_from(["/token", "/revoke", "/introspect"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_whatever_is_sent_is_answered(stage: Stage, body: bytes, path: str) -> None:
    headers = (
        (DOOR_HEADER, DOOR),
        ("content-type", "application/x-www-form-urlencoded"),
        ("x-token-caller", "203.0.113.9"),
    )
    assert 400 <= stage.endpoint.answer(Request("POST", path, headers, body)).status < 500


def asgi(endpoint: Endpoint, messages: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What the application sends for a request that comes in these messages."""
    sent: list[Mapping[str, Any]] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/token", "headers": [(DOOR_HEADER.encode(), DOOR.encode())]}
    asyncio.run(endpoint(scope, receive, send))
    return sent


def test_a_body_without_end_is_cut_off(stage: Stage) -> None:
    endless = [{"type": "http.request", "body": b"x" * 40_000, "more_body": True}] * 3
    assert asgi(stage.endpoint, list(endless))[0]["status"] == 413


def test_an_answer_is_json_that_nobody_keeps(stage: Stage) -> None:
    start, body = asgi(stage.endpoint, [{"type": "http.request", "body": b"", "more_body": False}])
    headers = dict(start["headers"])
    assert (start["status"], headers[b"cache-control"]) == (400, b"no-store")
    assert headers[b"content-type"] == b"application/json"
    assert b"invalid_request" in body["body"]

"""Every request ends in an event, and nothing secret ends in a log."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable

import pytest

from tests.e2e.client import Answer
from tests.e2e.gateways import Gateway
from tests.e2e.recorder import Recorder, answer
from yett.access.keys import new_key


@pytest.mark.parametrize(
    ("ask", "status", "code"),
    [
        (lambda gateway: gateway.client().get("/nowhere"), 404, "api-unknown"),
        (lambda gateway: gateway.client().get("/box/things/1"), 401, "credential-missing"),
        (lambda gateway: gateway.client("guest").get("/box/things"), 403, "access-denied"),
        (lambda gateway: gateway.client("owner").post("/box/things", {"count": 1}), 400, "request-invalid"),
        (lambda gateway: gateway.client("owner").call("TRACE", "/box/things"), 405, "method-refused"),
    ],
    ids=["route", "identify", "authorize", "inspect", "receive"],
)
def test_a_refusal_names_one_decision_in_header_body_and_log(
    gateway: Gateway, recorder: Recorder, ask: Callable[[Gateway], Answer], status: int, code: str
) -> None:
    found = ask(gateway)
    decision = found.headers["yett-decision"]
    assert (found.status, found.problem["code"], found.problem["decision"]) == (status, code, decision)
    event = gateway.event(decision)
    assert (event["status"], event["code"]) == (status, code)
    assert recorder.requests == []


def test_a_success_names_one_decision_in_header_and_log(gateway: Gateway) -> None:
    found = gateway.client("owner").get("/box/things?size=3")
    event = gateway.event(found.headers["yett-decision"])
    wanted = {
        "status": 200,
        "method": "GET",
        "path": "/box/things",
        "query": ["size"],
        "api": "box",
        "operation": "box:listThings",
        "app": "owner-app",
        "team": "crew",
        "address": "127.0.0.0",
        "bytes_out": len(found.body),
    }
    assert {name: event.get(name) for name in wanted} == wanted
    assert event["duration_us"] >= event["upstream_us"] > 0
    assert "code" not in event


def test_decisions_are_never_the_same(gateway: Gateway) -> None:
    client = gateway.client("owner")
    decisions = [client.get("/box/open").headers["yett-decision"] for _ in range(50)]
    assert len(set(decisions)) == len(decisions)


def test_a_decision_sent_by_the_caller_is_not_believed(gateway: Gateway) -> None:
    found = gateway.client("owner").get("/box/open", {"yett-decision": "mine"})
    assert found.headers["yett-decision"] != "mine"


def test_secrets_never_reach_a_log(gateway: Gateway, recorder: Recorder) -> None:
    stranger = new_key("test").text
    owner = gateway.client("owner")
    nobody = gateway.client()
    answers = [
        owner.post("/box/things", {"name": "hush-body"}),
        owner.post("/box/things", {"name": "hush-body", "wrong": "hush-field"}),
        owner.get("/box/things?size=1&token=hush-query"),
        nobody.get("/box/things/1", {"authorization": f"Bearer {owner.key}"}),
        nobody.get("/box/things/1", {"x-api-key": stranger}),
        nobody.get(f"/box/things/{stranger}"),
        nobody.get(f"/box/things/1?key={stranger}"),
        nobody.get("/box/things/1", {"x-api-key": "hush-malformed", "cookie": "session=hush-cookie"}),
    ]
    events = [gateway.event(one.headers["yett-decision"]) for one in answers]
    assert len(events) == len(answers)
    written = gateway.log.read_text() + gateway.said()
    for secret in (*gateway.keys.values(), stranger, "hush-"):
        assert secret not in written
    for request in recorder.requests:
        assert owner.key.encode() not in request.head


def test_headers_and_hosts_of_the_upstream_stay_hidden(gateway: Gateway, recorder: Recorder) -> None:
    recorder.answering = lambda _: answer(200, b"{}", "server: Secret/1.0", "x-powered-by: Secret", "via: 1.1 inner")
    found = gateway.client("owner").get("/box/open")
    assert "Secret" not in str(dict(found.headers))
    assert "inner" not in str(dict(found.headers))


def test_metrics_count_requests_and_name_no_caller(gateway: Gateway) -> None:
    for path in ("/box/open", "/box/things/1", "/box/%00", "/nowhere"):
        gateway.client("owner").get(path)
    with urllib.request.urlopen(f"http://127.0.0.1:{gateway.telemetry}/metrics", timeout=5) as found:
        text = found.read().decode()
    assert 'operation="box:getOpen"' in text
    assert "/nowhere" not in text
    assert gateway.keys["owner"] not in text


def test_the_gateway_says_that_it_is_healthy(gateway: Gateway) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{gateway.telemetry}/healthz", timeout=5) as found:
        assert found.status == 200

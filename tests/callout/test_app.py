"""A function as an ASGI application: what it is asked, what it says, and what it does with nonsense."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.callout import CalloutApp, Request, Verdict, allow, callout, deny

QUESTION: dict[str, Any] = {
    "decision": "d1",
    "api": "shop",
    "operation": "shop:getBook",
    "method": "GET",
    "path": "/shop/books/7",
    "parameters": {"path": {"id": "7"}, "query": {"a": ["1", "2"]}},
    "principal": {"app": "reader", "team": "t", "method": "api-key", "actors": [], "claims": None},
    "headers": {"x-tenant": "acme"},
    "context": {},
    "address": "192.0.2.1",
}


def ask(app: CalloutApp, body: bytes, method: str = "POST") -> tuple[int, Any]:
    """The status and the answer of an application."""
    sent: list[Any] = []
    events = [{"type": "http.request", "body": body[:5], "more_body": True}, {"type": "http.request", "body": body[5:]}]

    async def receive() -> Any:
        return events.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app({"type": "http", "method": method}, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


def told(question: dict[str, Any]) -> Request:
    """What a function is given."""
    seen: list[Request] = []

    @callout
    async def judge(request: Request) -> Verdict:
        seen.append(request)
        return allow()

    assert ask(judge, json.dumps(question).encode()) == (200, {"allow": True, "headers": {}, "context": {}})
    return seen[0]


def test_a_question_is_frozen_values() -> None:
    request = told(QUESTION)
    assert (request.operation, request.parameters.query["a"], request.body) == ("shop:getBook", ("1", "2"), None)
    assert request.principal is not None
    assert request.principal.app == "reader"
    with pytest.raises(AttributeError):
        request.path = "/"  # type: ignore[misc]
    with pytest.raises(TypeError):
        request.headers["x"] = "y"  # type: ignore[index]


def test_a_body_is_bytes_however_it_was_told() -> None:
    assert told({**QUESTION, "body": {"text": '{"a": 1}'}}).json() == {"a": 1}
    assert told({**QUESTION, "body": {"base64": "/w=="}}).body == b"\xff"


def test_an_anonymous_caller_has_no_principal() -> None:
    assert told({**QUESTION, "principal": None, "operation": None}).principal is None


def test_a_denial_gives_its_reason() -> None:
    @callout
    async def judge(request: Request) -> Verdict:
        return deny(f"not {request.path}")

    assert ask(judge, json.dumps(QUESTION).encode()) == (200, {"allow": False, "reason": "not /shop/books/7"})


def test_a_function_that_fails_gives_no_verdict_and_does_not_say_why() -> None:
    @callout
    async def judge(_: Request) -> Verdict:
        raise RuntimeError("hush")

    status, answer = ask(judge, json.dumps(QUESTION).encode())
    assert (status, answer) == (500, {"detail": "no verdict"})


@callout
async def yes(_: Request) -> Verdict:
    """Allow everything."""
    return allow({"x-tenant": "acme"}, {"seen": True})


def test_what_is_no_question_gets_no_verdict() -> None:
    assert ask(yes, b"{}", "GET")[0] == 405
    for body in (b"", b"{}", b"[]", b"null", b"\xff", json.dumps({**QUESTION, "path": 7}).encode()):
        assert ask(yes, body)[0] == 400


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda one: st.lists(one) | st.dictionaries(st.sampled_from(sorted(QUESTION)), one),
    )
)
def test_no_json_brings_it_down(question: Any) -> None:
    assert ask(yes, json.dumps(question).encode())[0] in (200, 400)


def test_a_question_that_is_too_long_is_not_kept() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b" " * (1 << 20), "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(yes({"type": "http", "method": "POST"}, receive, send))
    assert sent[0]["status"] == 413


def test_it_begins_and_ends_with_its_server() -> None:
    events = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> Any:
        return events.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    asyncio.run(yes({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_the_example_of_the_guide_judges() -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "guides" / "callouts.md").read_text()
    (example,) = re.findall(r"^```python\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)
    order = {**QUESTION, "operation": "bookshop:createOrder", "body": {"text": '{"total": 501}'}}
    assert ask(names["judge"], json.dumps(order).encode())[1]["allow"] is False
    assert ask(names["judge"], json.dumps(QUESTION).encode())[1]["allow"] is True

"""What callers and upstreams must never get away with: each ends in a clear answer, and the gateway goes on."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import shapes
from tests.e2e.client import Client, read_answer
from tests.e2e.gateways import Gateway, eventually, running
from tests.e2e.recorder import Recorder, answer, closed_port

MEBIBYTE = 1 << 20


@pytest.fixture(autouse=True)
def goes_on(gateway: Gateway) -> Iterator[None]:
    """Whatever a test did, the gateway still serves afterwards."""
    yield
    assert gateway.process.poll() is None, gateway.said()
    assert gateway.client("owner").get("/box/open").status in (200, 502)
    assert "panicked" not in gateway.said()


@pytest.fixture
def owner(gateway: Gateway) -> Client:
    """A caller that may do everything."""
    return gateway.client("owner")


def test_a_body_that_says_it_is_too_large_is_refused_unread(owner: Client, recorder: Recorder) -> None:
    length = f"content-length: {100 * MEBIBYTE}"
    found = owner.raw(owner.head("POST", "/box/things", "content-type: application/json", length))
    assert (found.status, found.problem["code"]) == (413, "body-too-large")
    assert recorder.requests == []


def test_a_chunked_body_that_turns_out_too_large_is_refused(owner: Client, recorder: Recorder) -> None:
    head = owner.head("POST", "/box/files", "content-type: application/octet-stream", "transfer-encoding: chunked")
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with owner.connect() as connection:
        connection.sendall(head)
        sent = 0
        try:
            while sent < 100 * MEBIBYTE:
                connection.sendall(chunk)
                sent += len(chunk)
        except OSError:
            pass
        try:
            found = read_answer(connection)
        except OSError:
            found = None
    assert sent < 20 * MEBIBYTE, "the gateway took in far more than it allows"
    if found is not None:
        assert (found.status, found.problem["code"]) == (413, "body-too-large")
    assert not any(request.path.startswith("/files") and len(request.body) > MEBIBYTE for request in recorder.requests)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"name": "\xff\xfe"}', ""),
        (b'{"name": "a", "name": "b"}', "/name"),
        (b'{"name": "a", "count": 1e400}', ""),
        (b'{"name": "a", "count": 100000000000000000000000}', "/count"),
        (b'{"name": "a", "inner": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", ""),
        (b'{"name": "a"', ""),
        (b'{"name": "a"} {"name": "b"}', ""),
        (b"\xef\xbb\xbf{}", ""),
        (b'{"name": NaN}', ""),
        (b'{"name": "\\ud800"}', ""),
        (b"", ""),
    ],
    ids=[
        "invalid-utf-8",
        "duplicate-key",
        "beyond-a-double",
        "beyond-the-maximum",
        "deep-nesting",
        "cut-short",
        "two-documents",
        "byte-order-mark",
        "not-a-number",
        "lone-surrogate",
        "empty",
    ],
)
def test_a_body_that_is_not_what_it_says_is_400(owner: Client, recorder: Recorder, body: bytes, field: str) -> None:
    found = owner.post("/box/things", body, {"content-type": "application/json"})
    assert (found.status, found.problem["code"]) == (400, "request-invalid")
    errors = found.problem["errors"]
    assert [error["in"] for error in errors] == ["body"]
    if field:
        assert errors[0]["field"] == field
    assert recorder.requests == []


def test_nesting_within_the_limit_passes(owner: Client) -> None:
    inner: object = 1
    for _ in range(50):
        inner = [inner]
    assert owner.post("/box/things", {"name": "deep", "inner": inner}).status == 200


def test_a_number_outside_its_format_is_named(owner: Client) -> None:
    found = owner.get("/box/things?size=2147483648")
    assert (found.status, found.problem["errors"][0]["field"]) == (400, "size")


def test_a_head_that_never_ends_is_refused(owner: Client) -> None:
    head = b"GET /box/open HTTP/1.1\r\nhost: a\r\n" + b"x-long: " + b"y" * (2 * MEBIBYTE)
    with owner.connect() as connection:
        with contextlib.suppress(OSError):
            connection.sendall(head)
        # Closed at once would be as good an answer to a flood.
        with contextlib.suppress(OSError):
            assert read_answer(connection).status in (400, 431)


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET /box/open HTTP/1.1\r\n\r\n",
        b"GET /box/open HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        b"GET /box/open HTTP/9.9\r\nhost: a\r\n\r\n",
        b"POST /box/things HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /box/things HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef",
        b"POST /box/things HTTP/1.1\r\nhost: a\r\ncontent-length: -5\r\n\r\n",
    ],
    ids=["tls", "no-target", "no-host", "two-hosts", "version", "two-framings", "two-lengths", "negative-length"],
)
def test_what_is_not_http_is_refused_and_goes_nowhere(owner: Client, recorder: Recorder, data: bytes) -> None:
    with owner.connect() as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        reply = connection.recv(65536)
    assert reply == b"" or reply.split(b" ")[1][:1] in (b"4", b"5"), reply
    assert recorder.requests == []


def test_a_caller_that_leaves_within_its_body_disturbs_nobody(gateway: Gateway, recorder: Recorder) -> None:
    owner = gateway.client("owner")
    head = owner.head("POST", "/box/things", "content-type: application/json", "content-length: 1000")
    with owner.connect() as connection:
        connection.sendall(head + b'{"name": ')
    event = eventually(
        lambda: next((one for one in gateway.events() if one.get("operation") == "box:createThing"), None),
        "no event of the broken request",
    )
    assert event["code"] in ("body-incomplete", "caller-gone")
    assert recorder.requests == []


def test_a_slow_caller_keeps_no_other_waiting(owner: Client) -> None:
    idle = [owner.connect() for _ in range(50)]
    try:
        for connection in idle:
            connection.sendall(b"GET /box/open HTTP/1.1\r\nhost: ")
        before = time.monotonic()
        assert owner.get("/box/open").status == 200
        assert time.monotonic() - before < 2
    finally:
        for connection in idle:
            connection.close()


def test_a_dead_upstream_is_502_at_once(keys: dict[str, str], tmp_path: Path) -> None:
    folder = shapes.lay_out(tmp_path / "dead", shapes.settings(f"http://127.0.0.1:{closed_port()}"))
    with running(folder, keys) as gateway:
        before = time.monotonic()
        found = gateway.client("owner").get("/box/things/1")
        assert time.monotonic() - before < 2
        assert (found.status, found.problem["code"]) == (502, "upstream-unreachable")
        assert gateway.event(found.headers["yett-decision"])["source"] == "upstream"


@pytest.mark.parametrize(
    "reply",
    [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 7\r\n\r\nabcde"],
    ids=["closes", "not-http", "two-lengths"],
)
def test_an_upstream_that_breaks_is_502(gateway: Gateway, recorder: Recorder, reply: bytes) -> None:
    recorder.answering = lambda _: reply
    found = gateway.client("owner").post("/box/things", {"name": "a"})
    assert (found.status, found.problem["code"]) == (502, "upstream-broken")
    recorder.answering = lambda _: answer()


def test_an_answer_that_ends_early_is_not_passed_off_as_whole(gateway: Gateway, recorder: Recorder) -> None:
    recorder.answering = lambda _: b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"
    owner = gateway.client("owner")
    with owner.connect() as connection:
        connection.sendall(owner.head("GET", "/box/open", "connection: close"))
        reply = b""
        try:
            while data := connection.recv(65536):
                reply += data
        except OSError:
            pass
    recorder.answering = lambda _: answer()
    status = reply.split(b" ")[1] if reply else b"502"
    assert status == b"502" or not reply.endswith(b"abc" + b"\x00" * 7)
    assert json.dumps({"ok": True}).encode() not in reply

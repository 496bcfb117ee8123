"""The fixtures themselves: what is proven with them is worth no more than they are."""

from __future__ import annotations

from tests.e2e.client import Client
from tests.e2e.gateways import Gateway
from tests.e2e.recorder import Recorder, answer


def test_the_recorder_keeps_every_byte_and_answers_as_told(recorder: Recorder) -> None:
    recorder.answering = lambda _: answer(418, b"short and stout", "content-type: text/plain")
    head = b"POST /pot?x=1 HTTP/1.1\r\nHost: a\r\nX-Odd:  b \r\ntransfer-encoding: chunked\r\n\r\n"
    found = Client(recorder.port).raw(head + b"3\r\ntea\r\n0\r\n\r\n")
    assert (found.status, found.body) == (418, b"short and stout")
    assert recorder.requests[0].head + b"\r\n" == head
    assert recorder.requests[0].body == b"tea"


def test_a_request_through_the_gateway_reaches_the_recorder(gateway: Gateway, recorder: Recorder) -> None:
    found = gateway.client("owner").get("/box/things/7")
    assert (found.status, found.json) == (200, {"ok": True})
    assert recorder.requests[0].line == "GET /things/7 HTTP/1.1"

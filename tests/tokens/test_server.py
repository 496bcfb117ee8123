"""The endpoint's own server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.tokens.stage import DOOR, Stage
from yett.tokens.endpoint import DOOR_HEADER
from yett.tokens.server import Server


@pytest.fixture
def server(stage: Stage) -> Iterator[Server]:
    made = Server(stage.endpoint)
    made.start()
    yield made
    made.stop()


def test_an_answer_is_sent_at_once_and_not_in_two_waits(server: Server) -> None:
    took = []
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", headers={DOOR_HEADER: DOOR}) as client:
        for _ in range(10):
            began = time.monotonic()
            assert client.get("/jwks").status_code == 200
            took.append(time.monotonic() - began)
    # Head and body are two writes: where the second waits for the first to be acknowledged, that is 40 ms each time.
    assert min(took[1:]) < 0.03, took


def test_a_server_says_nothing_of_itself_and_ends_when_told(stage: Stage) -> None:
    before = threading.active_count()
    server = Server(stage.endpoint)
    server.start()
    answer = httpx.get(f"http://127.0.0.1:{server.port}/jwks", headers={DOOR_HEADER: DOOR})
    assert "server" not in answer.headers
    server.stop()
    assert threading.active_count() <= before
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{server.port}/jwks")


def test_many_callers_at_once_are_all_answered(server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}/jwks"
    statuses: list[int] = []

    def ask() -> None:
        statuses.append(httpx.get(url, headers={DOOR_HEADER: DOOR}, timeout=20).status_code)

    threads = [threading.Thread(target=ask) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert statuses == [200] * 32

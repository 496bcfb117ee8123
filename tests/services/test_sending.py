"""Requests that people write down, sent: bounded, and with proof kept to its origin."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from yett.collections.play import Outgoing
from yett.services.sending import Sender, SendError, SendOptions

Seen = list[tuple[str, str, dict[str, str], bytes]]


class Upstream(BaseHTTPRequestHandler):
    """Records what it is sent, and answers as it is told."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[Seen] = []
    answer: ClassVar[Callable[[str], tuple[int, dict[str, str], bytes]]]

    def reply(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.seen.append((self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        status, headers, data = type(self).answer(self.path)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PURGE = reply  # noqa: N815 - named so by the base

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named so by the base
        pass


class Quiet(ThreadingHTTPServer):
    """Callers that leave early are none of its mistakes."""

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@contextmanager
def serving(answer: Callable[[str], tuple[int, dict[str, str], bytes]]) -> Iterator[tuple[str, Seen]]:
    seen: Seen = []
    handler = type("Handler", (Upstream,), {"seen": seen, "answer": staticmethod(answer)})
    server = Quiet(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


PROOFS = (("authorization", "Bearer t"), ("x-key", "k"), ("cookie", "c"), ("x-plain", "p"))


def test_requests_go_over_one_connection_with_their_bodies() -> None:
    with serving(lambda _path: (200, {"x-a": "1"}, b"ok")) as (url, seen), Sender(SendOptions()) as sender:
        for method in ("GET", "POST", "PUT", "DELETE", "PURGE", "HEAD"):
            answer = sender.send(Outgoing(method, f"{url}/a?b=c", (("x-b", "2"),), b"x" if method == "POST" else None))
            assert (answer.status, answer.header("X-A")) == (200, "1")
    assert [one[0] for one in seen] == ["GET", "POST", "PUT", "DELETE", "PURGE", "HEAD"]
    assert (seen[1][1], seen[1][3], seen[1][2]["x-b"]) == ("/a?b=c", b"x", "2")


def test_a_redirect_is_an_answer_unless_it_is_to_be_followed() -> None:
    with serving(lambda _path: (302, {"location": "/b"}, b"")) as (url, seen), Sender(SendOptions()) as sender:
        assert sender.send(Outgoing("GET", f"{url}/a")).status == 302
    assert len(seen) == 1


def test_proof_is_left_behind_when_a_redirect_leads_to_another_origin() -> None:
    with serving(lambda _path: (200, {}, b"")) as (other, stolen):

        def lead(path: str) -> tuple[int, dict[str, str], bytes]:
            return (307, {"location": "/b" if path == "/a" else f"{other}/c"}, b"")

        with serving(lead) as (url, seen), Sender(SendOptions(follow=True)) as sender:
            answer = sender.send(Outgoing("POST", f"{url}/a", PROOFS, b"x"), keep_to_origin={"x-key": ""})
    assert answer.status == 200
    assert all(seen[1][2][name] == value for name, value in PROOFS)
    assert {name for name, _ in PROOFS} & stolen[0][2].keys() == {"x-plain"}
    assert stolen[0][3] == b"x"


def test_after_see_other_nothing_is_sent_again() -> None:
    def lead(path: str) -> tuple[int, dict[str, str], bytes]:
        return (303, {"location": "/b"}, b"") if path == "/a" else (200, {}, b"")

    with serving(lead) as (url, seen), Sender(SendOptions(follow=True)) as sender:
        sender.send(Outgoing("POST", f"{url}/a", (("content-type", "text/plain"),), b"secret"))
    assert (seen[1][0], seen[1][3]) == ("GET", b"")
    assert "content-type" not in seen[1][2]


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://a.test/", "http://["])
def test_a_redirect_to_no_address_is_a_failure(target: str) -> None:
    with (
        serving(lambda _path: (302, {"location": target}, b"")) as (url, _),
        Sender(SendOptions(follow=True)) as sender,
        pytest.raises(SendError),
    ):
        sender.send(Outgoing("GET", f"{url}/a"))


def test_a_redirect_in_a_circle_ends() -> None:
    with (
        serving(lambda _path: (302, {"location": "/a"}, b"")) as (url, seen),
        Sender(SendOptions(follow=True)) as sender,
    ):
        assert sender.send(Outgoing("GET", f"{url}/a")).status == 302
    assert len(seen) == 6


def test_an_answer_that_never_ends_is_cut_off() -> None:
    with (
        serving(lambda _path: (200, {}, b"x" * (9 * 1024 * 1024))) as (url, _),
        Sender(SendOptions()) as sender,
        pytest.raises(SendError, match="more than"),
    ):
        sender.send(Outgoing("GET", f"{url}/a"))


def test_who_does_not_answer_in_time_is_told_of() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door, Sender(SendOptions(timeout_s=0.3)) as sender:
        began = time.monotonic()
        with pytest.raises(SendError, match="in time"):
            sender.send(Outgoing("POST", f"http://127.0.0.1:{door.getsockname()[1]}/"))
        assert time.monotonic() - began < 5


def test_who_is_not_there_is_told_of_without_what_was_to_be_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    with Sender(SendOptions(timeout_s=2)) as sender, pytest.raises(SendError) as told:
        sender.send(Outgoing("GET", f"http://127.0.0.1:{port}/secret", PROOFS))
    assert "secret" not in str(told.value)
    assert "Bearer" not in str(told.value)

"""An upstream that keeps every byte it was sent, reads it with the strict reader, and answers as it is told."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.wire.strict import Fault, Request, read

PROBE = "/wire/probe"
"""What is asked after a case, on the same connection, to see whether the connection is still in step."""


def plain(request: Request) -> bytes:
    """Say which request this answers."""
    content = json.dumps({"target": request.target, "length": len(request.body)}).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
        len(content),
        content,
    )


@dataclass(frozen=True)
class Heard:
    """What arrived since the last `forget`, without probes."""

    requests: tuple[Request, ...]
    fault: str
    """Why some of the bytes are no well-formed request; empty if all are."""


@dataclass
class Upstream:
    """What a test holds of it."""

    port: int = 0
    answering: Callable[[Request], bytes] = plain
    _lock: threading.Condition = field(default_factory=threading.Condition)
    _requests: list[Request] = field(default_factory=list)
    _faults: list[str] = field(default_factory=list)
    _unread: dict[int, bytes] = field(default_factory=dict)

    def forget(self) -> None:
        """Begin anew, with the usual answer."""
        with self._lock:
            self._requests.clear()
            self._faults.clear()
            self._unread.clear()
            self.answering = plain

    def heard(self) -> Heard:
        """Return what arrived, once requests that were begun are whole or cut off."""
        with self._lock:
            self._lock.wait_for(lambda: not any(self._unread.values()), 2)
            faults = [*self._faults, *(f"unfinished {left[:60]!r}" for left in self._unread.values() if left)]
            requests = tuple(one for one in self._requests if one.target != PROBE)
            return Heard(requests, "; ".join(faults))

    def take(self, connection: int, data: bytes) -> tuple[bytes, bytes] | None:
        """Read what a connection holds; return the answers and what is left, or `None` to close it."""
        answers = b""
        try:
            while found := read(data):
                request, taken = found
                data = data[taken:]
                with self._lock:
                    self._requests.append(request)
                reply = plain(request) if request.target == PROBE else self.answering(request)
                answers += reply
        except Fault as fault:
            with self._lock:
                self._faults.append(str(fault))
                self._unread.pop(connection, None)
            return None
        with self._lock:
            self._unread[connection] = data
            self._lock.notify_all()
        return answers, data

    def gone(self, connection: int) -> None:
        """Forget a connection that ended before its request was whole: a cut request is no request."""
        with self._lock:
            self._unread.pop(connection, None)
            self._lock.notify_all()


class _Connection(socketserver.BaseRequestHandler):
    upstream: Upstream

    def handle(self) -> None:
        data = b""
        try:
            while part := self.request.recv(65536):
                taken = self.upstream.take(id(self), data + part)
                if taken is None:
                    self.request.sendall(b"HTTP/1.1 400 Bad\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                    return
                answers, data = taken
                if answers:
                    self.request.sendall(answers.removesuffix(CLOSE))
                if answers.endswith(CLOSE):
                    return
        except (ConnectionError, TimeoutError):
            return
        finally:
            self.upstream.gone(id(self))


CLOSE = b"<close>"
"""At the end of an answer: it is not sent, but the connection is closed then."""


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 256


@contextmanager
def listening() -> Iterator[Upstream]:
    """Serve on a port that the kernel chooses until the block ends."""
    upstream = Upstream()
    connection = type("Connection", (_Connection,), {"upstream": upstream})
    with _Server(("127.0.0.1", 0), connection) as server:
        upstream.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield upstream
        finally:
            server.shutdown()
            thread.join()

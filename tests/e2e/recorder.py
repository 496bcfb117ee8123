"""An upstream that keeps what it was sent, byte for byte, and answers as a test tells it."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Recorded:
    """One request as it arrived: the raw head, and the body with its transfer coding taken off."""

    head: bytes
    body: bytes

    @property
    def line(self) -> str:
        """The request line."""
        return self.head.partition(b"\r\n")[0].decode()

    @property
    def path(self) -> str:
        """The request target."""
        return self.line.split(" ")[1]

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Names in lower case, and values, in order."""
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        pairs = (line.partition(":") for line in lines if line)
        return [(name.lower(), value.strip()) for name, _, value in pairs]

    def values(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for found, value in self.headers if found == name]


Answering = Callable[[Recorded], bytes]
"""Given a request, the raw bytes to send back; none at all closes the connection."""


def answer(status: int = 200, body: bytes | None = None, *headers: str) -> bytes:
    """Return a raw answer, of JSON unless the headers say otherwise."""
    content = json.dumps({"ok": True}).encode() if body is None else body
    named = {header.partition(":")[0].lower() for header in headers}
    lines = [f"HTTP/1.1 {status} Status", *headers]
    if "content-type" not in named:
        lines.append("content-type: application/json")
    if not named & {"content-length", "transfer-encoding"}:
        lines.append(f"content-length: {len(content)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@dataclass
class Recorder:
    """What a test holds of the upstream."""

    port: int
    requests: list[Recorded] = field(default_factory=list)
    answering: Answering = lambda _: answer()
    released: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __post_init__(self) -> None:
        self.released.set()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Keep every answer back until the block ends."""
        self.released.clear()
        try:
            yield
        finally:
            self.released.set()

    def wait_for(self, count: int, seconds: float = 10) -> None:
        """Wait until so many more requests have arrived."""
        for _ in range(count):
            assert self.arrived.acquire(timeout=seconds), "the request did not reach the upstream"

    def take(self, request: Recorded) -> bytes:
        """Keep a request and return the answer, once answers are released."""
        self.requests.append(request)
        self.arrived.release()
        self.released.wait(30)
        return self.answering(request)


class _Connection(socketserver.StreamRequestHandler):
    """Reads requests one after another, strictly: framing that a proxy must never send ends the connection."""

    recorder: Recorder
    disable_nagle_algorithm = True

    def handle(self) -> None:
        try:
            while (request := self._read()) is not None:
                reply = self.recorder.take(request)
                if not reply:
                    return
                self.wfile.write(reply)
        except (ConnectionError, TimeoutError):
            return

    def _read(self) -> Recorded | None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline(65536)
            if not line:
                return None
            head += line
        shell = Recorded(head[:-2], b"")
        if "chunked" in shell.values("transfer-encoding"):
            return Recorded(shell.head, self._read_chunks())
        length = int((shell.values("content-length") or ["0"])[0])
        return Recorded(shell.head, self.rfile.read(length))

    def _read_chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline() not in (b"\r\n", b""):
            pass
        return body


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 256


@contextmanager
def recording() -> Iterator[Recorder]:
    """Serve on a port that the kernel chooses until the block ends."""
    connection = type("Connection", (_Connection,), {})
    with _Server(("127.0.0.1", 0), connection) as server:
        recorder = Recorder(server.server_address[1])
        connection.recorder = recorder  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield recorder
        finally:
            recorder.released.set()
            server.shutdown()
            thread.join()


def closed_port() -> int:
    """Return a port that refuses connections."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

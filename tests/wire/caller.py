"""A caller that sends raw bytes, reads the answers strictly, and asks a probe on the same connection afterwards."""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from dataclasses import dataclass, field

from tests.wire.upstream import PROBE

_PROBE = f"GET {PROBE} HTTP/1.1\r\nHost: wire.example\r\n\r\n".encode()
PATIENCE = 5.0


@dataclass(frozen=True)
class Answer:
    """One final answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass
class Talk:
    """What one connection brought."""

    answers: list[Answer] = field(default_factory=list)
    interim: list[int] = field(default_factory=list)
    closed: bool = False
    """The gateway ended the connection before it answered the probe."""
    in_step: bool = False
    """The probe was answered."""
    silent: bool = False
    """There was neither an answer nor an end until the caller ended its side."""
    garbage: bytes = b""
    """Bytes that are no answer."""

    @property
    def statuses(self) -> tuple[int, ...]:
        """Statuses of the answers, without the probe's."""
        return tuple(answer.status for answer in self.answers)


class _Reader:
    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.data = b""
        self.ended = False

    def fill(self) -> bool:
        if self.ended:
            return False
        try:
            part = self.connection.recv(65536)
        except ConnectionError:
            part = b""
        self.ended = not part
        self.data += part
        return bool(part)

    def until(self, end: bytes) -> bytes | None:
        while end not in self.data:
            if not self.fill():
                return None
        head, _, self.data = self.data.partition(end)
        return head

    def exactly(self, size: int) -> bytes | None:
        while len(self.data) < size:
            if not self.fill():
                return None
        taken, self.data = self.data[:size], self.data[size:]
        return taken


def _answer(reader: _Reader, bodiless: bool) -> Answer | None:
    """Return the next answer; `None` at the end, or when there is something that is no answer."""
    head = reader.until(b"\r\n\r\n")
    if head is None:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    status = re.fullmatch(r"HTTP/1\.[01] ([1-9][0-9]{2})( .*)?", first)
    if status is None:
        reader.data = head + b"\r\n\r\n" + reader.data
        return None
    headers = tuple((name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines))
    code = int(status[1])
    if code < 200:
        return Answer(code, headers, b"")
    body = b"" if bodiless or code in (204, 304) else _body(reader, dict(headers))
    return None if body is None else Answer(code, headers, body)


def _body(reader: _Reader, headers: dict[str, str]) -> bytes | None:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while line := reader.until(b"\r\n"):
            size = int(line, 16)
            if size == 0:
                while reader.until(b"\r\n"):
                    pass
                return body
            body += (reader.exactly(size + 2) or b"")[:-2]
        return None
    if "content-length" in headers:
        return reader.exactly(int(headers["content-length"]))
    while reader.fill():
        pass
    body, reader.data = reader.data, b""
    return body


def talk(port: int, sent: bytes, patience: float = PATIENCE, more: tuple[bytes, ...] = (), ends: bool = False) -> Talk:
    """Send bytes and return what came of it.

    `more` goes out piece by piece, one after each interim answer; `ends` says that nothing follows, not even a probe.
    """
    heads = sent.startswith(b"HEAD ")
    seen = Talk()
    with socket.create_connection(("127.0.0.1", port), patience) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = _Reader(connection)
        _say(connection, sent)
        if ends:
            _finish(connection)
        pieces = list(more)
        probed = ends
        while True:
            try:
                answer = _answer(reader, heads and not seen.answers)
            except (TimeoutError, ValueError):
                if seen.silent or probed:
                    break
                seen.silent = not seen.answers
                _finish(connection)
                probed = True
                continue
            if answer is None:
                seen.closed = True
                seen.garbage = reader.data
                break
            if answer.status < 200:
                seen.interim.append(answer.status)
                if pieces:
                    _say(connection, pieces.pop(0))
                continue
            if probed and f'"target": "{PROBE}"'.encode() in answer.body:
                seen.in_step = True
                break
            seen.answers.append(answer)
            if not probed:
                probed = True
                _say(connection, _PROBE)
    return seen


def _say(connection: socket.socket, data: bytes) -> None:
    with suppress(OSError):  # Who was refused early may not get everything out; what came back is what counts.
        connection.sendall(data)


def _finish(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)

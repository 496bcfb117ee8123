"""HTTP/2 by hand (RFC 9113, RFC 7541): frames with any content, and just enough reading to see what came of them."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field

from tests.wire.caller import PATIENCE
from tests.wire.upstream import PROBE

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, END_HEADERS, PADDED, ACK = 1, 4, 8, 1
_PROBE_STREAM = 0x40000001
Fields = list[tuple[str | bytes, str | bytes]]


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _text(text: str | bytes) -> bytes:
    data = text if isinstance(text, bytes) else text.encode("latin-1")
    if len(data) < 127:
        return bytes([len(data)]) + data
    rest, length = len(data) - 127, b"\x7f"
    while rest >= 128:
        length, rest = length + bytes([rest % 128 + 128]), rest // 128
    return length + bytes([rest]) + data


def block(fields: Fields) -> bytes:
    """A field block of literals, never indexed."""
    return b"".join(b"\x00" + _text(name) + _text(value) for name, value in fields)


def pseudo(path: str = "/wire/a", method: str = "GET", authority: str = "wire.example", scheme: str = "http") -> Fields:
    """The four pseudo-header fields."""
    return [(":method", method), (":scheme", scheme), (":authority", authority), (":path", path)]


def headers(fields: Fields, stream: int = 1, flags: int = END_STREAM | END_HEADERS) -> bytes:
    """A HEADERS frame with all of the fields."""
    return frame(HEADERS, flags, stream, block(fields))


# Without a dynamic table, an answer's status can be read without keeping one.
SETTINGS_SENT = frame(SETTINGS, 0, 0, struct.pack(">HI", 1, 0))


@dataclass
class Talk2:
    """What an HTTP/2 connection brought."""

    statuses: dict[int, int] = field(default_factory=dict)
    reset: dict[int, int] = field(default_factory=dict)
    goaway: int | None = None
    closed: bool = False
    in_step: bool = False
    silent: bool = False


_STATIC = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}
_FIVE = {0: "0", 1: "1", 2: "2"}
_SIX = {25: "3", 26: "4", 27: "5", 28: "6", 29: "7", 30: "8", 31: "9"}


def _digits(data: bytes) -> str:
    """Undo the Huffman code of a number (RFC 7541 appendix B)."""
    bits, text = "".join(f"{byte:08b}" for byte in data), ""
    while len(bits) >= 5 and set(bits) != {"1"}:
        size, table = (5, _FIVE) if int(bits[:5], 2) in _FIVE else (6, _SIX)
        text, bits = text + table[int(bits[:size], 2)], bits[size:]
    return text


def status(data: bytes) -> int:
    """Return the status that begins a field block."""
    while data[0] & 0xE0 == 0x20:  # A change of the table's size.
        data = data[1:] if data[0] & 31 < 31 else data[2:]
    first = data[0]
    if first & 0x80:
        return _STATIC[first & 0x7F]
    at = 1 if first & (0x3F if first & 0x40 else 0x0F) else 2 + (data[1] & 0x7F)
    value = data[at + 1 : at + 1 + (data[at] & 0x7F)]
    return int(_digits(value) if data[at] & 0x80 else value)


class _Frames:
    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.data = b""

    def next(self) -> tuple[int, int, int, bytes] | None:
        while len(self.data) < 9 or len(self.data) < 9 + int.from_bytes(self.data[:3]):
            try:
                part = self.connection.recv(65536)
            except ConnectionError:
                part = b""
            if not part:
                return None
            self.data += part
        size = int.from_bytes(self.data[:3])
        kind, flags, stream = struct.unpack(">BBI", self.data[3:9])
        payload, self.data = self.data[9 : 9 + size], self.data[9 + size :]
        return kind, flags, stream & 0x7FFFFFFF, payload


def talk2(port: int, sent: bytes, patience: float = PATIENCE, streams: int = 1) -> Talk2:
    """Send frames after the preface; once so many streams have ended, ask a probe on one more."""
    seen = Talk2()
    with socket.create_connection(("127.0.0.1", port), patience) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        frames = _Frames(connection)
        _say(connection, PREFACE + SETTINGS_SENT + sent)
        ended: set[int] = set()
        probed = streams == 0
        if probed:
            _say(connection, headers(pseudo(PROBE), _PROBE_STREAM))
        try:
            while not seen.closed and not seen.in_step:
                _step(frames, connection, seen, ended)
                if not probed and len(ended) >= streams and seen.goaway is None and not seen.closed:
                    probed = True
                    _say(connection, headers(pseudo(PROBE), _PROBE_STREAM))
        except TimeoutError:
            seen.silent = not probed
    return seen


def _step(frames: _Frames, connection: socket.socket, seen: Talk2, ended: set[int]) -> None:
    found = frames.next()
    if found is None:
        seen.closed = True
        return
    kind, flags, stream, payload = found
    if kind == HEADERS and stream == _PROBE_STREAM:
        seen.in_step = status(payload) == 200
    elif kind == HEADERS and stream not in seen.statuses:
        seen.statuses[stream] = status(payload)
    elif kind == RST_STREAM:
        seen.reset[stream] = int.from_bytes(payload)
        ended.add(stream)
    elif kind == GOAWAY:
        seen.goaway = int.from_bytes(payload[4:8])
    elif kind == SETTINGS and not flags & ACK:
        _say(connection, frame(SETTINGS, ACK, 0))
    elif kind == PING and not flags & ACK:
        _say(connection, frame(PING, ACK, 0, payload))
    if kind in (DATA, HEADERS) and flags & END_STREAM:
        ended.add(stream)


def _say(connection: socket.socket, data: bytes) -> None:
    with suppress(OSError):  # A flood may be cut off while it is being sent.
        connection.sendall(data)

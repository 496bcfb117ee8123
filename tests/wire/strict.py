"""A reader of HTTP/1.1 requests that takes nothing but the one right spelling: the judge of what a proxy sends.

It shares nothing with the gateway. RFC 9112, without any of the leniency that RFC allows a recipient.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (/[\x21\x22\x24-\x7e]*|\*) HTTP/1\.1")
_FIELD = re.compile(
    rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[ \t\x21-\x7e\x80-\xff]*"
    rb"[\x21-\x7e\x80-\xff])?)?)[ \t]*"
)
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")
_HOST = re.compile(r"[A-Za-z0-9.\-_]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
HOP_BY_HOP = frozenset(
    [
        "connection",
        "keep-alive",
        "proxy-connection",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "upgrade",
        "http2-settings",
    ]
)
"""Fields of one connection: they must never go on."""
IN_NO_TRAILER = HOP_BY_HOP | {"host", "content-length", "transfer-encoding", "authorization", "cookie", "content-type"}


class Fault(Exception):
    """Bytes that are no well-formed request; the message says why."""


@dataclass(frozen=True)
class Request:
    """One well-formed request."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    trailers: tuple[tuple[str, str], ...] = ()

    def values(self, name: str) -> list[str]:
        """Every value of a field; `name` in lower case."""
        return [value for found, value in self.headers if found == name]


def read(data: bytes) -> tuple[Request, int] | None:
    """Return the first request and how many bytes it takes; `None` while it is not whole. Raises `Fault`."""
    head, end, _ = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    if any(b"\n" in line or b"\r" in line.rstrip(b"\r") for line in lines):
        raise Fault("a bare CR or LF")
    if not end:
        return None
    line = _LINE.fullmatch(lines[0])
    if line is None:
        raise Fault(f"request line {lines[0][:60]!r}")
    headers = tuple(_field(text) for text in lines[1:])
    framed = _check(headers)
    start = len(head) + 4
    method, target = line[1].decode(), line[2].decode()
    if framed is None:
        chunked = _chunks(data, start)
        if chunked is None:
            return None
        body, trailers, taken = chunked
        return Request(method, target, headers, body, trailers), taken
    if len(data) < start + framed:
        return None
    return Request(method, target, headers, data[start : start + framed]), start + framed


def _field(text: bytes) -> tuple[str, str]:
    found = _FIELD.fullmatch(text)
    if found is None:
        raise Fault(f"field {text[:60]!r}")
    return found[1].decode().lower(), found[2].decode("latin-1")


def _check(headers: tuple[tuple[str, str], ...]) -> int | None:
    """Return the length of the body, `None` for chunks."""
    names = [name for name, _ in headers]
    if passed := HOP_BY_HOP.intersection(names):
        raise Fault(f"field of the hop {min(passed)}")
    hosts = [value for name, value in headers if name == "host"]
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
        raise Fault(f"Host {hosts}")
    lengths = [value for name, value in headers if name == "content-length"]
    codings = [value for name, value in headers if name == "transfer-encoding"]
    if len(lengths) + len(codings) > 1:
        raise Fault(f"framings {lengths + codings}")
    if codings:
        if codings[0].lower() != "chunked":
            raise Fault(f"transfer coding {codings[0]!r}")
        return None
    if lengths and not re.fullmatch("0|[1-9][0-9]{0,17}", lengths[0]):
        raise Fault(f"length {lengths[0]!r}")
    return int(lengths[0]) if lengths else 0


def _chunks(data: bytes, at: int) -> tuple[bytes, tuple[tuple[str, str], ...], int] | None:
    body = b""
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            if b"\n" in data[at:]:
                raise Fault("a bare LF after a chunk size")
            return None
        if not _SIZE.fullmatch(data[at:end]):
            raise Fault(f"chunk size {data[at:end][:40]!r}")
        size, at = int(data[at:end], 16), end + 2
        if size == 0:
            return _trailers(body, data, at)
        if len(data) < at + size + 2:
            return None
        if data[at + size : at + size + 2] != b"\r\n":
            raise Fault("a chunk longer than its size")
        body, at = body + data[at : at + size], at + size + 2


def _trailers(body: bytes, data: bytes, at: int) -> tuple[bytes, tuple[tuple[str, str], ...], int] | None:
    if data[at : at + 2] == b"\r\n":
        return body, (), at + 2
    end = data.find(b"\r\n\r\n", at)
    if end < 0:
        return None
    trailers = tuple(_field(line) for line in data[at:end].split(b"\r\n"))
    if forbidden := IN_NO_TRAILER.intersection(name for name, _ in trailers):
        raise Fault(f"trailer field {min(forbidden)}")
    return body, trailers, end + 4

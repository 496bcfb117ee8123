"""HTTP/2: pseudo-header fields, fields of the hop, lengths, floods."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tests.wire.cases.spell import SMUGGLED
from tests.wire.http2 import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PADDED,
    PING,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Fields,
    block,
    frame,
    headers,
    pseudo,
)
from tests.wire.verdicts import Verdict


@dataclass(frozen=True)
class Case2:
    """Frames and what must come of them. `CLOSED`: the connection ends; `REFUSED`: the stream does."""

    name: str
    group: str
    sent: bytes
    verdict: Verdict
    why: str
    body: bytes | None = None
    absent: tuple[str, ...] = ()
    streams: int = 1
    may_pass: int = 0
    """How many requests may go on before the refusal."""

    def __str__(self) -> str:
        return f"{self.group}: {self.name}"


CASES2: list[Case2] = []


def _add(group: str, verdict: Verdict, name: str, sent: bytes, why: str, **more: object) -> None:
    CASES2.append(Case2(name, group, sent, verdict, why, **more))  # type: ignore[arg-type]


def _without(name: str) -> Fields:
    return [pair for pair in pseudo() if pair[0] != name]


def _post(*fields: tuple[str | bytes, str | bytes], body: bytes = b"hello") -> bytes:
    return headers([*pseudo(method="POST"), *fields], flags=END_HEADERS) + frame(DATA, END_STREAM, 1, body)


_PSEUDO = "HTTP/2 pseudo-headers"
ONE, REFUSED, CLOSED = Verdict.ONE, Verdict.REFUSED, Verdict.CLOSED
_add(_PSEUDO, ONE, "a request", headers(pseudo()), "plain")
for _name in (":method", ":path", ":scheme"):
    _add(_PSEUDO, REFUSED, f"no {_name}", headers(_without(_name)), "RFC 9113 8.3.1")
_add(_PSEUDO, REFUSED, "no :authority and no host", headers(_without(":authority")), "RFC 9113 8.3.1: no host at all")
_add(_PSEUDO, ONE, "host without :authority", headers([*_without(":authority"), ("host", "wire.example")]), "allowed")
for _pseudo, _value in pseudo():
    _add(_PSEUDO, REFUSED, f"{_pseudo!s} twice", headers([*pseudo(), (_pseudo, _value)]), "RFC 9113 8.3")
_add(
    _PSEUDO,
    REFUSED,
    ":path after a field",
    headers([*_without(":path"), ("x-a", "b"), (":path", "/wire/a")]),
    "RFC 9113 8.3",
)
_add(_PSEUDO, REFUSED, "an unknown one", headers([*pseudo(), (":evil", "x")]), "RFC 9113 8.3")
_add(_PSEUDO, REFUSED, ":status", headers([*pseudo(), (":status", "200")]), "RFC 9113 8.3: of answers")
_add(
    _PSEUDO,
    REFUSED,
    ":protocol that was not offered",
    headers([*pseudo(method="CONNECT"), (":protocol", "websocket")]),
    "RFC 8441",
)
for _name, _path in {
    "empty": "",
    "no slash": "wire/a",
    "absolute": "http://wire.example/wire/a",
    "a space": "/wire/a b",
    "*": "*",
    "CR LF": "/wire/a HTTP/1.1\r\nX: y",
    "NUL": "/wire/\x00",
    "LF": "/wire/a\nb",
    "dot dot": "/wire/../a",
    "a request inside": f"/wire/a HTTP/1.1\r\nHost: x\r\n\r\n{SMUGGLED}",
    "beyond ASCII": "/wire/\xe9",
    "encoded slash": "/wire%2fa",
}.items():
    _add(_PSEUDO, REFUSED, f":path {_name}", headers(pseudo(_path)), "no target of HTTP/1 may come of it")
for _name, _method in {
    "a space": "GET /x HTTP/1.1",
    "CR LF": "GET\r\n",
    "empty": "",
    "a colon": "G:T",
    "CONNECT": "CONNECT",
    "TRACE": "TRACE",
}.items():
    _add(_PSEUDO, REFUSED, f":method {_name}", headers(pseudo(method=_method)), "no request line may come of it")
_add(
    _PSEUDO,
    REFUSED,
    ":method CONNECT alone",
    headers([(":method", "CONNECT"), (":authority", "wire.example:443")]),
    "no tunnels",
)
for _name, _host in {
    "userinfo": "a@wire.example",
    "CR LF": "wire.example\r\nX: y",
    "a path": "wire.example/x",
    "empty": "",
    "a space": "wire example",
}.items():
    _add(_PSEUDO, REFUSED, f":authority {_name}", headers(pseudo(authority=_host)), "no Host may come of it")
_add(
    _PSEUDO, REFUSED, "host that differs", headers([*pseudo(), ("host", "other.example")]), "RFC 9113 8.3.1: two hosts"
)
_add(_PSEUDO, ONE, "host that agrees", headers([*pseudo(), ("host", "wire.example")]), "one host")
_add(
    _PSEUDO,
    REFUSED,
    "two hosts that differ",
    headers([*pseudo(), ("host", "wire.example"), ("host", "x")]),
    "two hosts",
)
_add(_PSEUDO, REFUSED, ":scheme of another kind", headers(pseudo(scheme="ftp")), "it is no HTTP")
_add(_PSEUDO, REFUSED, ":scheme with CR LF", headers(pseudo(scheme="http\r\nX: y")), "nothing may come of it")

_FIELDS = "HTTP/2 fields"
for _name, _value in {
    "connection": "close",
    "keep-alive": "timeout=5",
    "proxy-connection": "close",
    "transfer-encoding": "chunked",
    "upgrade": "h2c",
}.items():
    _add(_FIELDS, REFUSED, _name, headers([*pseudo(), (_name, _value)]), "RFC 9113 8.2.2: malformed")
_add(_FIELDS, REFUSED, "te: gzip", headers([*pseudo(), ("te", "gzip")]), "RFC 9113 8.2.2: only trailers")
_add(_FIELDS, ONE, "te: trailers", headers([*pseudo(), ("te", "trailers")]), "allowed; it ends here", absent=("te",))
for _name, _field in {
    "capitals": "X-A",
    "a space": "x a",
    "a colon": "x:a",
    "empty": "",
    "CR LF": "x\r\ny",
    "NUL": "x\x00",
    "beyond ASCII": "x\xe9",
    "a colon at the end": "transfer-encoding: chunked\r\nx",
    "a tab": "x\t",
}.items():
    _add(_FIELDS, REFUSED, f"a name with {_name}", headers([*pseudo(), (_field, "b")]), "RFC 9113 8.2.1")
for _name, _value in {
    "CR LF": "b\r\nx: y",
    "LF": "b\nc",
    "CR": "b\rc",
    "NUL": "b\x00c",
    "CR LF CR LF": f"b\r\n\r\n{SMUGGLED}",
}.items():
    _add(_FIELDS, REFUSED, f"a value with {_name}", headers([*pseudo(), ("x-a", _value)]), "RFC 9113 8.2.1")
_add(
    _FIELDS,
    ONE,
    "cookies in crumbs",
    headers([*pseudo(), ("cookie", "a=1"), ("cookie", "b=2")]),
    "RFC 9113 8.2.3: joined",
)
_add(
    _FIELDS, ONE, "a name with an underscore", headers([*pseudo(), ("x_a", "b")]), "CGI cannot tell it", absent=("x_a",)
)
_add(_FIELDS, REFUSED, "an expectation", headers([*pseudo(), ("expect", "x")]), "RFC 9110 10.1.1: 417")

_DOWN = "HTTP/2 to HTTP/1"
_add(_DOWN, ONE, "a body without a length", _post(), "chunks or a length", body=b"hello")
_add(_DOWN, ONE, "a body with its length", _post(("content-length", "5")), "one framing", body=b"hello")
_add(_DOWN, REFUSED, "length too short", _post(("content-length", "3")), "RFC 9113 8.1.1: malformed")
_add(_DOWN, REFUSED, "length too long", _post(("content-length", "9")), "RFC 9113 8.1.1: malformed")
_add(_DOWN, REFUSED, "length 0 with a body", _post(("content-length", "0"), body=SMUGGLED.encode()), "RFC 9113 8.1.1")
_add(
    _DOWN,
    REFUSED,
    "length without a body",
    headers([*pseudo(method="POST"), ("content-length", "5")]),
    "RFC 9113 8.1.1",
)
_add(_DOWN, REFUSED, "two lengths", _post(("content-length", "5"), ("content-length", "6")), "two framings")
_add(_DOWN, REFUSED, "two lengths alike", _post(("content-length", "5"), ("content-length", "5")), "nobody sends that")
for _value in ("+5", "5, 6", "0x5", "", "5 ", "18446744073709551621"):
    _add(_DOWN, REFUSED, f"length {_value!r}", _post(("content-length", _value)), "a length is digits")
_add(
    _DOWN,
    REFUSED,
    "transfer-encoding with a body",
    _post(("transfer-encoding", "chunked"), body=b"0\r\n\r\n" + SMUGGLED.encode()),
    "H2.TE",
)
_add(_DOWN, ONE, "a request as the body", _post(body=SMUGGLED.encode()), "it stays a body", body=SMUGGLED.encode())
_add(_DOWN, ONE, "chunks as the body", _post(body=b"0\r\n\r\n"), "it stays a body", body=b"0\r\n\r\n")
_add(
    _DOWN,
    ONE,
    "GET with a body",
    headers(pseudo(), flags=END_HEADERS) + frame(DATA, END_STREAM, 1, SMUGGLED.encode()),
    "it stays a body",
    body=SMUGGLED.encode(),
)
_TRAILED = headers(pseudo(method="POST"), flags=END_HEADERS) + frame(DATA, 0, 1, b"hello")
_add(_DOWN, ONE, "trailers", _TRAILED + headers([("x-sum", "1")]), "dropped or kept apart", body=b"hello")
_add(
    _DOWN,
    ONE,
    "padding",
    headers(pseudo(method="POST"), flags=END_HEADERS) + frame(DATA, END_STREAM | PADDED, 1, b"\x03hello\x00\x00\x00"),
    "not of the body",
    body=b"hello",
)
_add(
    _DOWN,
    ONE,
    "trailers with a pseudo-header",
    _TRAILED + headers([(":path", "/wire/b")]),
    "it is dropped",
    body=b"hello",
)

_FLOODS = "HTTP/2 floods and broken frames"
_add(
    _FLOODS,
    CLOSED,
    "rapid reset",
    b"".join(
        headers(pseudo(f"/wire/{n}"), 2 * n + 1) + frame(RST_STREAM, 0, 2 * n + 1, struct.pack(">I", 8))
        for n in range(2000)
    ),
    "CVE-2023-44487",
    may_pass=2000,
)
_add(
    _FLOODS,
    CLOSED,
    "CONTINUATION without end",
    frame(HEADERS, END_STREAM, 1, block(pseudo())) + frame(CONTINUATION, 0, 1, block([("x-a", "b" * 1000)] * 10)) * 200,
    "CVE-2024-27316",
)
_add(
    _FLOODS,
    CLOSED,
    "empty CONTINUATION without end",
    frame(HEADERS, END_STREAM, 1, block(pseudo())) + frame(CONTINUATION, 0, 1) * 20_000,
    "CVE-2024-27316",
)
_add(
    _FLOODS,
    REFUSED,
    "a block too large",
    frame(HEADERS, END_STREAM, 1, block(pseudo()))
    + b"".join(frame(CONTINUATION, END_HEADERS * (n == 19), 1, block([("x-a", "b" * 4000)] * 3)) for n in range(20)),
    "bounded",
)
_add(
    _FLOODS,
    CLOSED,
    "fifty thousand SETTINGS",
    frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65535)) * 50_000 + headers(pseudo()),
    "CVE-2019-9515: so many for so little, and the connection is cut",
)
_add(
    _FLOODS,
    CLOSED,
    "fifty thousand PINGs",
    frame(PING, 0, 0, b"12345678") * 50_000 + headers(pseudo()),
    "CVE-2019-9512: so many for so little, and the connection is cut",
)
_add(
    _FLOODS,
    CLOSED,
    "empty DATA without end",
    headers(pseudo(method="POST"), flags=END_HEADERS) + frame(DATA, 0, 1) * 100_000,
    "CVE-2019-9518",
    streams=99,
)
_add(_FLOODS, CLOSED, "a window of 0 added", frame(WINDOW_UPDATE, 0, 0, b"\x00" * 4), "RFC 9113 6.9")
_add(
    _FLOODS,
    CLOSED,
    "a window beyond 2^31",
    frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 2**31 - 1)) * 2,
    "RFC 9113 6.9.1",
)
_add(_FLOODS, CLOSED, "DATA on no stream", frame(DATA, END_STREAM, 0, b"x"), "RFC 9113 6.1")
_add(_FLOODS, CLOSED, "HEADERS on no stream", headers(pseudo(), 0), "RFC 9113 6.2")
_add(_FLOODS, CLOSED, "HEADERS on an even stream", headers(pseudo(), 2), "RFC 9113 5.1.1")
_add(_FLOODS, CLOSED, "DATA on an idle stream", frame(DATA, END_STREAM, 5, b"x"), "RFC 9113 5.1")
_add(_FLOODS, CLOSED, "RST_STREAM on an idle stream", frame(RST_STREAM, 0, 5, b"\x00" * 4), "RFC 9113 6.4")
_add(_FLOODS, CLOSED, "CONTINUATION of nothing", frame(CONTINUATION, END_HEADERS, 1, block(pseudo())), "RFC 9113 6.10")
_add(
    _FLOODS,
    CLOSED,
    "a frame between HEADERS and CONTINUATION",
    frame(HEADERS, END_STREAM, 1, block(pseudo())) + frame(PING, 0, 0, b"12345678"),
    "RFC 9113 6.10",
)
_add(
    _FLOODS,
    CLOSED,
    "PUSH_PROMISE from a caller",
    frame(PUSH_PROMISE, END_HEADERS, 1, struct.pack(">I", 2) + block(pseudo())),
    "RFC 9113 8.4",
)
_add(_FLOODS, CLOSED, "a frame too large", frame(DATA, 0, 1, b"x" * 20_000), "RFC 9113 4.2")
_add(
    _FLOODS,
    CLOSED,
    "padding longer than the frame",
    headers(pseudo(method="POST"), flags=END_HEADERS) + frame(DATA, PADDED, 1, b"\x09x"),
    "RFC 9113 6.1",
)
_add(
    _FLOODS,
    CLOSED,
    "a block that is no HPACK",
    frame(HEADERS, END_STREAM | END_HEADERS, 1, b"\xff\xff\xff\xff\xff\xff"),
    "RFC 7541 5.1",
)
_add(
    _FLOODS, CLOSED, "an index beyond the table", frame(HEADERS, END_STREAM | END_HEADERS, 1, b"\xfe"), "RFC 7541 2.3.3"
)
_add(_FLOODS, CLOSED, "SETTINGS of five bytes", frame(SETTINGS, 0, 0, b"12345"), "RFC 9113 6.5")
_add(
    _FLOODS,
    CLOSED,
    "SETTINGS with a window too large",
    frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 2**31)),
    "RFC 9113 6.5.2",
)
_add(_FLOODS, CLOSED, "PING of seven bytes", frame(PING, 0, 0, b"1234567"), "RFC 9113 6.7")
_add(
    _FLOODS,
    ONE,
    "PRIORITY and unknown frames",
    frame(PRIORITY, 0, 3, b"\x00" * 5) + frame(99, 0, 0, b"x") + headers(pseudo()),
    "RFC 9113 5.5: ignored",
)

"""What an upstream may answer, however wrong: nothing of it may reach the next caller, or look whole when it is not."""

from __future__ import annotations

from dataclasses import dataclass

from tests.wire.cases.spell import raw

EVIL = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Evil: 1\r\n\r\nevil"


@dataclass(frozen=True)
class Said:
    """Bytes of an upstream. `status` is what the caller gets; `whole` says whether the answer may look whole."""

    name: str
    sent: bytes
    status: int
    why: str
    body: bytes | None = None
    whole: bool = True
    absent: tuple[str, ...] = ()
    closes: bool = False
    """The upstream ends its connection after these bytes."""

    def __str__(self) -> str:
        return self.name


SAID: list[Said] = []


def _bad(name: str, sent: str, why: str, **more: object) -> None:
    SAID.append(Said(name, raw(sent), 502, why, **more))  # type: ignore[arg-type]


def _good(name: str, sent: str, why: str, status: int = 200, **more: object) -> None:
    SAID.append(Said(name, raw(sent), status, why, **more))  # type: ignore[arg-type]


def _cut(name: str, sent: str, why: str, **more: object) -> None:
    SAID.append(Said(name, raw(sent), 0, why, whole=False, **more))  # type: ignore[arg-type]


def _head(*fields: str, status: str = "200 OK", version: str = "HTTP/1.1") -> str:
    return "\r\n".join([f"{version} {status}", *fields]) + "\r\n\r\n"


_CHUNKED = "Transfer-Encoding: chunked"
_good("plain", _head("Content-Length: 2") + "hi", "as it is", body=b"hi")
_good("chunks", _head(_CHUNKED) + "2\r\nhi\r\n0\r\n\r\n", "as it is", body=b"hi")
_good("until the end", _head() + "hi", "as it is", body=b"hi", closes=True)
_good("chunks with a trailer", _head(_CHUNKED) + "2\r\nhi\r\n0\r\nX: y\r\n\r\n", "the body is as it is", body=b"hi")
_good("two lengths alike", _head("Content-Length: 2", "Content-Length: 2") + "hi", "RFC 9112 6.3: one", body=b"hi")
_bad("two lengths", _head("Content-Length: 2", "Content-Length: 3") + "hi!", "two framings")
_bad("two lengths in one field", _head("Content-Length: 2, 3") + "hi!", "two framings")
_bad("length and chunks", _head("Content-Length: 2", _CHUNKED) + "0\r\n\r\n" + EVIL, "two framings")
_bad("another coding", _head("Transfer-Encoding: gzip") + "hi", "only chunked is known")
_bad("two codings", _head(_CHUNKED, _CHUNKED) + "0\r\n\r\n", "one coding, once")
_bad("chunks in HTTP/1.0", _head(_CHUNKED, version="HTTP/1.0") + "0\r\n\r\n", "RFC 9112 6.1")
for _value in ("+2", "-1", "0x2", "2a", "", "18446744073709551618", "2 2", "1e1"):
    _bad(f"length {_value!r}", _head(f"Content-Length: {_value}") + "hi", "a length is digits")
_bad("obs-fold", _head("X-A: b\r\n c", "Content-Length: 0"), "no single reading")
_bad("a space before the colon", _head("X-A : b", "Content-Length: 0"), "no single reading")
_bad("a space in the name", _head("X A: b", "Content-Length: 0"), "no single reading")
_bad("no colon", _head("X-A", "Content-Length: 0"), "no field")
_bad("a NUL in a value", _head("X-A: b\x00c", "Content-Length: 0"), "never passed")
_bad("a bare CR in a value", _head("X-A: b\rX-B: c", "Content-Length: 0"), "never passed")
_bad("HTTP/0.9", "<html>hi</html>\r\n\r\n", "no head")
_bad("another protocol", "SSH-2.0-x\r\n\r\n", "no head")
_bad("HTTP/2 in place of HTTP/1", "\x00\x00\x00\x04\x00\x00\x00\x00\x00", "no head", closes=True)
_bad("HTTP/1.2", _head("Content-Length: 0", version="HTTP/1.2"), "no version that is known")
_bad("HTTP/3.0", _head("Content-Length: 0", version="HTTP/3.0"), "no version that is known")
for _status in ("99 Low", "1000 High", "0 Zero", "-1 Less", "2xx Some", "20 Short", "200OK"):
    _bad(f"status {_status!r}", _head("Content-Length: 0", status=_status), "no status")
_bad("a huge head", _head("X-A: " + "b" * 200_000, "Content-Length: 0"), "bounded")
_bad("a thousand fields", _head(*["X-A: b"] * 1000, "Content-Length: 0"), "bounded")
_bad("a head cut short", "HTTP/1.1 200 OK\r\nContent-Le", "not whole", closes=True)
_bad("nothing", "", "no answer", closes=True)
_bad("101 unasked", _head("Upgrade: x", "Connection: upgrade", status="101 Switching Protocols") + EVIL, "nobody asked")
_good("100 unasked", _head(status="100 Continue") + _head("Content-Length: 2") + "hi", "skipped", body=b"hi")
_good(
    "103",
    _head("Link: </a>", status="103 Early Hints") + _head("Content-Length: 2") + "hi",
    "skipped or told",
    body=b"hi",
)
_bad("a flood of 103", _head("Link: </a>", status="103 Early Hints") * 5000, "bounded")
_good("204 with a body", _head("Content-Length: 4", status="204 No Content") + EVIL, "a 204 has none", 204, body=b"")
_good("304 with a body", _head(status="304 Not Modified") + EVIL, "a 304 has none", 304, body=b"")
_good("an answer too many", _head("Content-Length: 2") + "hi" + EVIL, "nobody asked for it", body=b"hi")
_good(
    "an answer too many after chunks",
    _head(_CHUNKED) + "2\r\nhi\r\n0\r\n\r\n" + EVIL,
    "nobody asked for it",
    body=b"hi",
)
_good(
    "fields of the hop",
    _head(
        "Content-Length: 2",
        "Keep-Alive: 5",
        "Proxy-Connection: x",
        "Connection: x-a",
        "X-A: b",
        "Upgrade: h2c",
        "Trailer: x",
        "Proxy-Authenticate: Basic",
    )
    + "hi",
    "they end here",
    body=b"hi",
    absent=("keep-alive", "proxy-connection", "x-a", "upgrade", "trailer", "proxy-authenticate"),
)
_good(
    "who made it",
    _head("Content-Length: 2", "Server: x/1", "X-Powered-By: y", "Via: z") + "hi",
    "nobody's business",
    body=b"hi",
    absent=("server", "x-powered-by", "via"),
)
_cut("a body cut short", _head("Content-Length: 200000") + "hi", "not whole", closes=True)
_cut("a chunk cut short", _head(_CHUNKED) + "5\r\nhe", "not whole", closes=True)
_cut("no last chunk", _head(_CHUNKED) + "2\r\nhi\r\n", "not whole", closes=True)
for _name, _chunk in {
    "a sign": "+2\r\nhi\r\n",
    "0x": "0x2\r\nhi\r\n",
    "no digits": "\r\nhi\r\n",
    "a letter": "2g\r\nhi\r\n",
    "LF": "2\nhi\r\n",
    "data too long": "2\r\nhi!\r\n",
    "data without CRLF": "2\r\nhi0\r\n\r\n",
    "an overflow": "fffffffffffffffff\r\nhi\r\n",
    "a form feed": "2\x0c\r\nhi\r\n",
    "a space before": " 2\r\nhi\r\n",
    "a bare CR in the extension": "2;a\rb\r\nhi\r\n",
}.items():
    _cut(f"chunk with {_name}", _head(_CHUNKED) + _chunk + "0\r\n\r\n", "no single reading")

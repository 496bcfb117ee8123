"""Fields, hosts, versions, and what belongs to one connection."""

from __future__ import annotations

from tests.wire.cases.spell import CHUNKED, END, HOST, SMUGGLED, Table, get, post

hop = Table("fields of the hop")
for _field in (
    "Keep-Alive: timeout=5",
    "Proxy-Connection: keep-alive",
    "TE: trailers",
    "Trailer: X-Sum",
    "Proxy-Authorization: Basic eDp5",
    "Proxy-Authenticate: Basic",
    "HTTP2-Settings: AAMAAABkAAQAAP__",
):
    _name = _field.split(":")[0]
    hop.one(_name, get(_field), "RFC 9110 7.6.1: it ends here", absent=(_name.lower(),))
hop.one("Connection: keep-alive", get("Connection: keep-alive"), "it ends here", absent=("connection",))
hop.one("Connection: close", get("Connection: close"), "it ends here", absent=("connection",), closes=True)
hop.one("Connection in capitals", get("CONNECTION: CLOSE"), "no case", absent=("connection",), closes=True)
hop.one("Connection names nothing there", get("Connection: x-gone"), "nothing to take off", absent=("connection",))
hop.one("Connection twice", get("Connection: keep-alive", "Connection: te", "TE: trailers"), "a list", absent=("te",))
hop.one("Connection empty", get("Connection: "), "nothing is named", absent=("connection",))
hop.one("Connection with empty items", get("Connection: , ,keep-alive,,"), "RFC 9110 5.6.1.2", absent=("connection",))
for _victim in (
    "X-Api-Key",
    "X-Mine",
    "Host",
    "Content-Type",
    "Cookie",
    "Authorization",
    "X-Forwarded-For",
    "Yett-App",
):
    _fields = ("Connection: close, " + _victim, *(() if _victim == "Host" else (f"{_victim}: x",)))
    hop.refused(
        f"Connection names {_victim}",
        get(*_fields),
        "taking it off between check and upstream changes the request",
    )
hop.refused(
    "Connection names Content-Length", post("Connection: Content-Length", "Content-Length: 5", body="hello"), "ditto"
)
hop.refused("Connection with junk", get("Connection: a b"), "no list of tokens")
hop.refused("Connection with bytes beyond ASCII", get("Connection: \xff"), "no list of tokens")

fields = Table("field syntax")
_ODD = "a field is name, colon, value"
for _name, _line in {
    "a space before the colon": "X-A : b",
    "a tab before the colon": "X-A\t: b",
    "no name": ": b",
    "no colon": "X-A",
    "a space in the name": "X A: b",
    "a quote in the name": 'X"A: b',
    "a bracket in the name": "X[A]: b",
    "a slash in the name": "X/A: b",
    "a NUL in the name": "X\x00A: b",
    "a byte beyond ASCII in the name": "X\xc3\xa9: b",
    "a NUL in the value": "X-A: b\x00c",
    "a bare CR in the value": "X-A: b\rc",
    "a vertical tab in the value": "X-A: b\x0bc",
    "a backspace in the value": "X-A: b\x08c",
    "DEL in the value": "X-A: b\x7fc",
    "an escape in the value": "X-A: \x1b[0m",
    "a bare CR at the end": "X-A: b\r",
    "a control in the name": "X\x01A: b",
    "an at sign in the name": "X@A: b",
}.items():
    fields.closed(_name, get(_line), _ODD)
fields.closed("a folded value", get("X-A: b\r\n c"), "RFC 9112 5.2: obs-fold")
fields.closed("a value folded with a tab", get("X-A: b\r\n\tc"), "RFC 9112 5.2: obs-fold")
fields.closed("a folded first field", get(" X-A: b", host=""), "RFC 9112 2.2")
fields.closed(
    "white space before the first field", "GET /wire/a HTTP/1.1\r\n Host: wire.example\r\n\r\n", "RFC 9112 2.2"
)
fields.closed("line ends LF", get("X-A: b").replace("\r\n", "\n"), "readers differ")
fields.closed("one line end LF", get("X-A: b").replace("HTTP/1.1\r\n", "HTTP/1.1\n"), "readers differ")
fields.closed("a field ended by LF", get("X-A: b\nX-B: c"), "readers differ")
fields.closed("the head ended by LF", get("X-A: b")[:-2] + "\n", "readers differ")
fields.closed("line ends CR", get("X-A: b").replace("\r\n", "\r"), "no line end", ends=True)
fields.closed("a line of LF CR", get("X-A: b\n\rX-B: c"), "readers differ")
fields.one("no blank after the colon", get("X-A:b"), "RFC 9112 5", present=(("x-a", "b"),))
fields.one("blanks around the value", get("X-A: \t b \t"), "trimmed", present=(("x-a", "b"),))
fields.one("an empty value", get("X-A:"), "allowed", present=(("x-a", ""),))
fields.one("bytes beyond ASCII in the value", get("X-A: \xe9\xff"), "obs-text", present=(("x-a", "\xe9\xff"),))
fields.one("every sign of a token", get("!#$%&'*+-.^`|~x: b"), "RFC 9110 5.6.2")
fields.one("a name with an underscore", get("X_A: b"), "CGI cannot tell it from X-A", absent=("x_a",))
fields.one("empty lines before", "\r\n\r\n" + get(), "RFC 9112 2.2 allows them")
fields.closed("a thousand fields", get(*[f"X-{number}: y" for number in range(1000)]), "bounded")
fields.closed("a head of a megabyte", get("X-A: " + "b" * 1_000_000), "bounded")
fields.closed("a target of a hundred thousand", get(target="/wire/" + "a" * 100_000), "bounded")
fields.closed("a head without end", "GET /wire/a HTTP/1.1\r\nHost: wire.example\r\nX-A: ", "never whole", ends=True)
fields.closed(
    "no head", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "x" * 40 + "\r\n\r\n", "TLS is not spoken here"
)

lines = Table("request line")
for _name, _line in {
    "no version": "GET /wire/a",
    "no target": "GET HTTP/1.1",
    "a space too many": "GET  /wire/a HTTP/1.1",
    "a space before the version too many": "GET /wire/a  HTTP/1.1",
    "a space at the end": "GET /wire/a HTTP/1.1 ",
    "a tab": "GET\t/wire/a\tHTTP/1.1",
    "a space before": " GET /wire/a HTTP/1.1",
    "HTTP/0.9": "GET /wire/a HTTP/0.9",
    "HTTP/1.2": "GET /wire/a HTTP/1.2",
    "HTTP/2.0": "GET /wire/a HTTP/2.0",
    "HTTP/1.10": "GET /wire/a HTTP/1.10",
    "HTTP/1": "GET /wire/a HTTP/1",
    "http/1.1": "GET /wire/a http/1.1",
    "HTTP/ 1.1": "GET /wire/a HTTP/ 1.1",
    "HTTPS/1.1": "GET /wire/a HTTPS/1.1",
    "HTTP/01.1": "GET /wire/a HTTP/01.1",
    "HTTP/1,1": "GET /wire/a HTTP/1,1",
    "no method": " /wire/a HTTP/1.1",
    "a NUL in the method": "G\x00T /wire/a HTTP/1.1",
    "a colon in the method": "G:T / HTTP/1.1",
    "a version with a smuggled one": "GET /wire/a HTTP/1.1 HTTP/1.1",
    "a form feed": "GET\x0c/wire/a\x0cHTTP/1.1",
    "a bare CR": "GET /wire/a\rHTTP/1.1",
    "a byte beyond ASCII in the method": "G\xc3\x89T /wire/a HTTP/1.1",
}.items():
    lines.closed(_name, f"{_line}\r\n{HOST}\r\n\r\n", "RFC 9112 3")
lines.one("a method nobody knows", get(method="BREW"), "methods are tokens")
lines.one("HEAD", get(method="HEAD"), "no body comes back")
lines.one("OPTIONS", get(method="OPTIONS"), "an ordinary method")
lines.refused("OPTIONS *", get(target="*", method="OPTIONS"), "it asks the server, not the API")
lines.refused("CONNECT", get(target="wire.example:443", method="CONNECT"), "no tunnels")
lines.refused("CONNECT with a path", get(target="/wire/a", method="CONNECT"), "no tunnels")
lines.refused("TRACE", get(method="TRACE"), "it would echo credentials")
lines.refused(
    "a method in small letters is another", get(method="trace"), "tokens have case; but some upstreams forget"
)
lines.refused("connect in small letters", get(method="connect"), "ditto")

hosts = Table("host")
hosts.refused("none", get(host=""), "RFC 9112 3.2")
hosts.refused("two", get(HOST), "RFC 9112 3.2")
hosts.refused("two that differ", get("Host: other.example"), "RFC 9112 3.2")
hosts.refused("two in one", get(host="Host: wire.example, other.example"), "no host")
for _name, _host in {
    "empty": "",
    "userinfo": "a@wire.example",
    "userinfo and password": "a:b@wire.example",
    "a path": "wire.example/x",
    "a space": "wire example",
    "a query": "wire.example?x",
    "a fragment": "wire.example#x",
    "a word for a port": "wire.example:x",
    "a port too long": "wire.example:123456",
    "two ports": "wire.example:80:81",
    "only a port": ":80",
    "a backslash": "wire\\x",
    "a bracket": "[::1",
    "no address in brackets": "[x]",
    "a percent sign": "wire%2eexample",
    "beyond ASCII": "wir\xe9",
    "a scheme": "http://wire.example",
    "a quote": 'wire"',
    "an angle": "<wire>",
    "a tab": "wire\texample",
}.items():
    hosts.refused(_name, get(host=f"Host: {_host}"), "RFC 9110 7.2: host and port only")
hosts.closed("with a space before the colon", get(host="Host : wire.example"), "RFC 9112 5.1")
hosts.closed("folded", get(host="Host:\r\n wire.example"), "obs-fold")
hosts.one("with a port", get(host="Host: wire.example:8080"), "allowed")
hosts.one("an IPv6 address", get(host="Host: [::1]:8080"), "allowed")
hosts.one("in capitals", get(host="Host: WIRE.EXAMPLE"), "no case")
hosts.one("absolute form that agrees", get(target="http://wire.example/wire/a"), "RFC 9112 3.2.2", target="/wire/a")
hosts.one("absolute form without a path", get(target="http://wire.example"), "the path is /", target="/")
hosts.refused("absolute form that differs", get(target="http://other.example/wire/a"), "two hosts")
hosts.refused("absolute form with userinfo", get(target="http://a@wire.example/wire/a"), "two hosts")
hosts.refused("absolute form with another port", get(target="http://wire.example:81/wire/a"), "two hosts")
hosts.refused("absolute form of another scheme", get(target="ftp://wire.example/wire/a"), "it is no HTTP")
hosts.refused("absolute form without Host", get(target="http://wire.example/wire/a", host=""), "RFC 9112 3.2")
hosts.closed("absolute form without a host", get(target="http:///wire/a"), "no host")
hosts.refused("a path that looks absolute", get(target="//other.example/wire/a"), "some take it for a host")
hosts.refused("X-Forwarded-Host is no host", get("X-Forwarded-Host: wire.example", host=""), "it is not asked")
hosts.one(
    "X-Forwarded-Host is the gateway's",
    get("X-Forwarded-Host: evil"),
    "owned",
    present=(("x-forwarded-host", "wire.example"),),
)

waits = Table("Expect and Upgrade")
waits.one(
    "100-continue",
    post("Expect: 100-continue", "Content-Length: 5"),
    "asked for the body, once",
    more=(b"hello",),
    body=b"hello",
    absent=("expect",),
)
waits.one(
    "100-continue in capitals",
    post("Expect: 100-CONTINUE", "Content-Length: 5"),
    "no case",
    more=(b"hello",),
    body=b"hello",
)
waits.one("100-continue without a body", get("Expect: 100-continue"), "nothing to wait for", absent=("expect",))
waits.closed("another expectation", post("Expect: 200-ok", "Content-Length: 5", body="hello"), "RFC 9110 10.1.1: 417")
waits.refused("an expectation of nothing", get("Expect: "), "RFC 9110 10.1.1: 417")
waits.refused("two expectations", get("Expect: 100-continue, x"), "RFC 9110 10.1.1: 417")
waits.refused(
    "WebSocket that was not allowed",
    get(
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ),
    "not on the list",
)
for _protocol in ("h2c", "HTTP/2.0", "TLS/1.2", "foo/1, h2c", "connect-udp", "IRC/6.9"):
    waits.one(
        f"Upgrade: {_protocol}",
        get("Connection: Upgrade, HTTP2-Settings", f"Upgrade: {_protocol}", "HTTP2-Settings: AAMAAABk"),
        "an offer that is not taken, and not passed on",
        absent=("upgrade", "connection", "http2-settings"),
    )
waits.one(
    "h2c with a body",
    post(
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
        "HTTP2-Settings: AAMAAABk",
        f"Content-Length: {len(SMUGGLED)}",
        body=SMUGGLED,
    ),
    "it stays a body",
    absent=("upgrade",),
)
waits.one("Upgrade without Connection", get("Upgrade: h2c"), "not passed on", absent=("upgrade",))

versions = Table("HTTP/1.0")
versions.one("a request", get(version="HTTP/1.0"), "answered, then closed", closes=True)
versions.one("without Host", get(version="HTTP/1.0", host=""), "HTTP/1.0 had none", closes=True)
versions.one("with keep-alive", get("Connection: keep-alive", version="HTTP/1.0"), "goes on")
versions.one(
    "with a body",
    get("Content-Length: 5", version="HTTP/1.0", method="POST") + "hello",
    "a body",
    body=b"hello",
    closes=True,
)
versions.closed("with chunks", get(CHUNKED, version="HTTP/1.0", method="POST") + "5\r\nhello\r\n" + END, "RFC 9112 6.1")
versions.one("with Expect", get("Expect: 100-continue", version="HTTP/1.0"), "ignored", closes=True)

pipes = Table("pipelining")
_TWO = get(target="/wire/1") + get(target="/wire/2")
pipes.one("two", _TWO, "in order", count=2, target="/wire/1")
pipes.one(
    "with bodies",
    post("Content-Length: 2", body="hi", target="/wire/1") + post(CHUNKED, body=END, target="/wire/2"),
    "in order",
    count=2,
)
pipes.one("fifty", "".join(get(target=f"/wire/{number}") for number in range(50)), "in order", count=50)
pipes.closed(
    "junk behind", get(target="/wire/1") + "junk\r\n\r\n", "the first is answered, the rest refused", count=1 + 1
)
pipes.closed(
    "a bad request in the middle",
    get(target="/wire/1") + get("X : y", target="/wire/2") + get(target="/wire/3"),
    "what follows cannot be trusted",
    count=1 + 1,
)
pipes.closed(
    "two framings in the middle",
    get(target="/wire/1") + post("Content-Length: 5", CHUNKED, body=END) + SMUGGLED,
    "what follows cannot be trusted",
    count=1 + 1,
)
pipes.one(
    "after close",
    get("Connection: close", target="/wire/1") + get(target="/wire/2"),
    "the second is not read",
    closes=True,
)

"""Two framings, odd lengths, odd chunks: where request smuggling begins."""

from __future__ import annotations

from tests.wire.cases.spell import CHUNKED, END, SMUGGLED, Table, get, post

framings = Table("two framings")
_HELLO = "5\r\nhello\r\n" + END

framings.closed("length and chunks", post("Content-Length: 5", CHUNKED, body=END + SMUGGLED), "RFC 9112 6.1: an attack")
framings.closed("chunks and length", post(CHUNKED, "Content-Length: 5", body=END + SMUGGLED), "RFC 9112 6.1")
framings.closed("chunks and length 0", post(CHUNKED, "Content-Length: 0", body=END), "two framings that agree are two")
framings.closed(
    "length hidden among cases", post("cOnTeNt-LeNgTh: 3", "tRaNsFeR-eNcOdInG: chunked", body=END), "names have no case"
)
framings.closed(
    "two lengths that differ", post("Content-Length: 5", "Content-Length: 6", body="hello!"), "RFC 9112 6.3"
)
framings.closed("two lengths in one field", post("Content-Length: 5, 6", body="hello!"), "RFC 9112 6.3")
framings.closed("two lengths alike", post("Content-Length: 5", "Content-Length: 5", body="hello"), "nobody sends that")
framings.closed("two lengths alike in one field", post("Content-Length: 5, 5", body="hello"), "nobody sends that")
for _name, _value in {
    "a sign": "+5",
    "a minus": "-5",
    "hexadecimal": "0x5",
    "a fraction": "5.0",
    "an exponent": "5e0",
    "nothing": "",
    "a letter": "5a",
    "a space inside": "1 5",
    "twenty digits": "18446744073709551621",
    "full-width digits": "\xef\xbc\x95",
    "an underscore": "1_0",
    "a quote": '"5"',
    "a semicolon": "5;",
    "a comma": "5,",
    "a comma before": ",5",
    "a NUL": "5\x00",
    "a vertical tab": "\x0b5",
    "a form feed": "5\x0c",
}.items():
    framings.closed(f"length with {_name}", post(f"Content-Length: {_value}", body="hello"), "a length is digits")
framings.closed("length folded", post("Content-Length:\r\n 5", body="hello"), "obs-fold")
framings.one("length with zeros before", post("Content-Length: 0005", body="hello"), "written anew", body=b"hello")
framings.one(
    "length with blanks around", post("Content-Length: \t 5 \t", body="hello"), "OWS is allowed", body=b"hello"
)
framings.one("length 0 with GET", get("Content-Length: 0"), "allowed")
framings.one("GET with a body", get("Content-Length: 5") + "hello", "a body is a body", body=b"hello")
framings.one("GET with a request as its body", get(f"Content-Length: {len(SMUGGLED)}") + SMUGGLED, "it stays a body")
framings.one("DELETE with chunks", get(CHUNKED, method="DELETE") + _HELLO, "a body is a body", body=b"hello")
for _name, _value in {
    "another coding": "gzip",
    "identity": "identity",
    "another before": "gzip, chunked",
    "another after": "chunked, gzip",
    "identity before": "identity, chunked",
    "twice": "chunked, chunked",
    "a parameter": "chunked;q=1",
    "a quote": '"chunked"',
    "a prefix": "xchunked",
    "a suffix": "chunkedx",
    "a comma before": ",chunked",
    "a comma after": "chunked,",
    "nothing": "",
    "a vertical tab": "\x0bchunked",
    "a form feed": "chunked\x0c",
    "a NUL": "chunked\x00",
    "a no-break space": "\xa0chunked",
    "a bare CR": "chunked\rx",
    "a dotless i": "chunked\xc4\xb1",
}.items():
    framings.closed(
        f"coding with {_name}", post(f"Transfer-Encoding: {_value}", body=END + SMUGGLED), "only chunked is"
    )
framings.closed("two codings", post(CHUNKED, CHUNKED, body=END + SMUGGLED), "one coding, once")
framings.closed(
    "two codings that differ", post(CHUNKED, "Transfer-Encoding: identity", body=END + SMUGGLED), "one coding"
)
framings.closed("coding folded", post("Transfer-Encoding:\r\n chunked", body=END + SMUGGLED), "obs-fold")
framings.closed("coding with a space before the colon", post("Transfer-Encoding : chunked", body=END), "RFC 9112 5.1")
framings.closed("coding with a tab before the colon", post("Transfer-Encoding\t: chunked", body=END), "RFC 9112 5.1")
framings.closed("length with a space before the colon", post("Content-Length : 5", body="hello"), "RFC 9112 5.1")
framings.closed("coding behind a space", post(" Transfer-Encoding: chunked", body=END), "it is no field")
framings.closed(
    "coding behind a bare CR", post("X: y\rTransfer-Encoding: chunked", body=END), "a bare CR is no line end"
)
framings.closed("coding in HTTP/1.0", get(CHUNKED, method="POST", version="HTTP/1.0") + END, "RFC 9112 6.1")
framings.one(
    "coding in capitals", post("Transfer-Encoding: CHUNKED", body=_HELLO), "codings have no case", body=b"hello"
)
framings.one(
    "a name that some servers take for the coding",
    post("Transfer_Encoding: chunked", "Content-Length: 5", body="hello"),
    "CGI cannot tell the names apart",
    body=b"hello",
    absent=("transfer_encoding",),
)
framings.one(
    "a name that some servers take for the length",
    post("Content_Length: 0", "Content-Length: 5", body="hello"),
    "CGI cannot tell the names apart",
    body=b"hello",
    absent=("content_length",),
)
framings.closed(
    "no framing but a body", post(body=SMUGGLED.replace("GET", "NO/GET")), "what follows is no request", count=2
)
framings.closed("a body cut short", post("Content-Length: 50", body="hello"), "the rest never comes", ends=True)

chunks = Table("chunks")
for _name, _line in {
    "a sign": "+5",
    "a minus": "-5",
    "0x": "0x5",
    "a space before": " 5",
    "a tab before": "\t5",
    "nothing": "",
    "a letter": "5g",
    "seventeen digits": "10000000000000005",
    "a comma": "5,",
    "an underscore": "0_5",
    "a bare CR": "5\r",
    "a NUL": "5\x00",
    "a space inside": "0 5",
    "a quote": '"5"',
}.items():
    chunks.closed(
        f"size with {_name}", post(CHUNKED, body=f"{_line}\r\nhello\r\n{END}"), "a size is hexadecimal digits"
    )
chunks.closed("size of 2^63", post(CHUNKED, body="8000000000000000\r\nhello"), "no body is that long", ends=True)
chunks.closed("size of 2^64 - 1", post(CHUNKED, body="ffffffffffffffff\r\nhello"), "no body is that long", ends=True)
chunks.closed("line end LF", post(CHUNKED, body="5\nhello\r\n" + END), "RFC 9112 7.1: CRLF")
chunks.closed("LF after the data", post(CHUNKED, body="5\r\nhello\n" + END), "RFC 9112 7.1: CRLF")
chunks.closed("CR after the data", post(CHUNKED, body="5\r\nhello\r" + END), "RFC 9112 7.1: CRLF")
chunks.closed("nothing after the data", post(CHUNKED, body="5\r\nhello" + END), "RFC 9112 7.1: CRLF")
chunks.closed("data longer than its size", post(CHUNKED, body="5\r\nhello!\r\n" + END), "RFC 9112 7.1")
chunks.closed("data shorter than its size", post(CHUNKED, body="6\r\nhello\r\n" + END), "RFC 9112 7.1")
chunks.closed("last chunk with LF", post(CHUNKED, body="5\r\nhello\r\n0\n\n" + SMUGGLED), "RFC 9112 7.1: CRLF")
chunks.closed("no end", post(CHUNKED, body="5\r\nhello\r\n"), "the rest never comes", ends=True)
chunks.closed(
    "an extension with LF", post(CHUNKED, body="5;a\nhello\r\n" + END), "some end the line there, some do not"
)
chunks.closed("an extension with a bare CR", post(CHUNKED, body="5;a\rb\r\nhello\r\n" + END), "some end the line there")
chunks.one("an extension", post(CHUNKED, body="5;a=b\r\nhello\r\n" + END), "dropped", body=b"hello")
chunks.one("an extension in quotes", post(CHUNKED, body='5;a="b;c"\r\nhello\r\n' + END), "dropped", body=b"hello")
chunks.one("zeros before the size", post(CHUNKED, body="0005\r\nhello\r\n000\r\n\r\n"), "written anew", body=b"hello")
chunks.one("capitals in the size", post(CHUNKED, body="A\r\n0123456789\r\n" + END), "no case", body=b"0123456789")
chunks.one("many chunks", post(CHUNKED, body="1\r\nx\r\n" * 500 + END), "one body", body=b"x" * 500)
chunks.one("an empty body", post(CHUNKED, body=END), "one body", body=b"")
chunks.one("a request as a chunk", post(CHUNKED, body=f"{len(SMUGGLED):x}\r\n{SMUGGLED}\r\n{END}"), "it stays a body")
chunks.closed("a megabyte of extension", post(CHUNKED, body=f"5;{'a' * 1_000_000}\r\nhello\r\n{END}"), "bounded")

trailers = Table("trailers")
trailers.one(
    "a trailer", post(CHUNKED, body="5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"), "dropped or kept apart", body=b"hello"
)
for _field in (
    "Content-Length: 9",
    "Transfer-Encoding: chunked",
    "Host: other",
    "Authorization: x",
    "X-Forwarded-For: 1.1.1.1",
):
    _name = _field.split(":")[0]
    trailers.one(
        f"{_name} in a trailer",
        post(CHUNKED, body=f"5\r\nhello\r\n0\r\n{_field}\r\n\r\n"),
        "RFC 9110 6.5.1: never merged into the head",
        body=b"hello",
        absent=("authorization", "content-length"),
    )
trailers.one("announced trailer", post("Trailer: X-Sum", CHUNKED, body="0\r\nX-Sum: 1\r\n\r\n"), "of the hop")
trailers.closed("a trailer that is no field", post(CHUNKED, body="0\r\nnonsense\r\n\r\n" + SMUGGLED), "it is no field")
trailers.one(
    "a trailer with LF", post(CHUNKED, body="0\r\nX: y\n\n" + SMUGGLED), "all of it is trailer, up to CRLF CRLF"
)
trailers.closed("a trailer without end", post(CHUNKED, body="0\r\nX: y\r\n"), "the rest never comes", ends=True)
trailers.closed("a trailer with a space before the colon", post(CHUNKED, body="0\r\nX : y\r\n\r\n"), "RFC 9112 5.1")
trailers.closed("a megabyte of trailer", post(CHUNKED, body=f"0\r\nX: {'y' * 1_000_000}\r\n\r\n"), "bounded")
trailers.closed("ten thousand trailers", post(CHUNKED, body="0\r\n" + "X: y\r\n" * 10_000 + "\r\n"), "bounded")

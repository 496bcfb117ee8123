"""The suites of other people: llhttp's Markdown cases and the desync guardian's YAML, as cases of our own kind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_TUNNEL = "CONNECT opens a tunnel, and there are none"
_CODINGS = "the one transfer coding that is taken is chunked, once and alone: another has readers that differ"
_ESCAPES_OF_CONTROLS = "a control character in a path, escaped or not, has no honest use"
_SHORT = "the body that the head tells of never comes"
_DIFFERENCES: dict[str, dict[str, str]] = {
    "llhttp": {
        "connection, Multiple tokens with folding and LWS": "WebSocket must be allowed by an operation",
        "connection, Upgrade GET request": "WebSocket must be allowed by an operation",
        "connection, Upgrade POST request": "no other protocol is taken up: what follows is no request",
        "content-length, Spaces in Content-Length (surrounding)": _SHORT,
        "content-length, Tabs in Content-Length (surrounding)": _SHORT,
        "method, CONNECT request": _TUNNEL,
        "method, CONNECT request with CAPS": _TUNNEL,
        "method, CONNECT with body": _TUNNEL,
        "method, M-SEARCH request": "the target * asks a server, not an API",
        "method, SOURCE request with ICE": "HTTP is spoken here",
        "method, OPTIONS request with RTSP": "HTTP is spoken here",
        "method, ANNOUNCE request with RTSP": "HTTP is spoken here",
        "method, PRI request HTTP2": "the preface of HTTP/2 in the version HTTP/1.1 is neither",
        "sample, curl GET": "0.0.0.0=5000 is no host",
        "sample, Firefox GET": "0.0.0.0=5000 is no host",
        "sample, No HTTP version": "HTTP/0.9 has no fields, no status and no end",
        "uri, Quotes in URI": "a quote must be percent-encoded in a path (RFC 3986)",
        "uri, Host terminated by a query string": "Host and the target name two hosts",
        "uri, host:port terminated by a query string": "Host and the target name two hosts",
        "uri, host:port terminated by a space": "Host and the target name two hosts",
        "uri, Fragment in URI": "a fragment is never sent (RFC 9110 section 4.2.5)",
        "uri, Underscore in hostname": _TUNNEL,
        "uri, host:port and basic auth": "userinfo in a target is a host for some readers",
    },
    "desync": {
        "more-compliant-tests, Correct TE OK": _CODINGS,
        "more-compliant-tests, Transfer-Encoding: identity and chunked OK": _CODINGS,
        "more-compliant-tests, Multiple transfer encoding headers in a single request OK": _CODINGS,
        "more-compliant-tests, TE with custom parameters OK": _CODINGS,
        "more-compliant-tests, Large Size OK": "bodies are bounded",
        "rfc-compliant, Different Transfer-Encoding headers": _CODINGS,
        "rfc-compliant, Different Transfer-Encoding headers combined": _CODINGS,
        "rfc-compliant, Transfer-Encoding with a param: chunked;custom_param": _CODINGS,
        "rfc-compliant, Compliant URL": "raw brackets, quotes and a fragment have no place in a target (RFC 3986)",
        "rfc-compliant, International in URI": "bytes beyond ASCII must be percent-encoded (RFC 3986)",
        "rfc-compliant, Empty URI": "a request has a target (RFC 9112 section 3)",
        "uri-specific-test-cases, %09 in URI is OK": _ESCAPES_OF_CONTROLS,
        "uri-specific-test-cases, %0D in URI is OK": _ESCAPES_OF_CONTROLS,
        "uri-specific-test-cases, %0A in URI is OK": _ESCAPES_OF_CONTROLS,
    },
}
DIFFERENCES = {(suite, name): why for suite, cases in _DIFFERENCES.items() for name, why in cases.items()}
"""What differs on purpose, by suite and case, and why."""


@dataclass(frozen=True)
class Foreign:
    """A case of another suite."""

    suite: str
    name: str
    sent: bytes
    refuse: bool
    """The suite wants it refused."""
    must_pass: bool = False

    def __str__(self) -> str:
        return f"{self.suite}: {self.name}"


_CASE = re.compile(
    r"^(#+) (.*?)$|<!-- meta=(\{.*?\}) -->\s*```http\n(.*?)```\s*```log\n(.*?)```", re.MULTILINE | re.DOTALL
)
_ESCAPES = {"\\r": "\r", "\\n": "\n", "\\t": "\t", "\\f": "\f", "\\0": "\0"}


def llhttp(folder: Path) -> list[Foreign]:
    """Return the cases for the strict parser."""
    found: list[Foreign] = []
    for file in sorted(folder.glob("*.md")):
        title = ""
        for match in _CASE.finditer(file.read_bytes().decode("latin-1")):
            if match[2]:
                title = match[2].replace("`", "")
            elif '"request"' in match[3] and "pause" not in match[3] and "skipBody" not in match[3]:
                found.append(_of_llhttp(f"{file.stem}, {title}", match[4], match[5]))
    return found


def _of_llhttp(name: str, text: str, log: str) -> Foreign:
    """Their line ends are CR LF unless written as escapes; a line that ends with a backslash goes on."""
    text = text.removesuffix("\n").replace("\\\n", "").replace("\n", "\r\n")
    text = re.sub(r"\\x([0-9a-fA-F]{2})", lambda found: chr(int(found[1], 16)), text)
    for escape, sign in _ESCAPES.items():
        text = text.replace(escape, sign)
    refuse = bool(re.search(r"error code=(?!2[123] )", log))
    return Foreign("llhttp", name, _with_host(text).encode("latin-1"), refuse)


_START = re.compile(r"^([A-Z-]+ \S+ HTTP/1\.1\r\n)", re.MULTILINE)


def _with_host(text: str) -> str:
    """Requests of theirs have no Host, which HTTP/1.1 asks for: the wire is on trial, not that."""
    if re.search(r"^host[ \t]*:", text, re.MULTILINE | re.IGNORECASE):
        return text
    return _START.sub(r"\1Host: wire.example\r\n", text)


def desync(folder: Path) -> list[Foreign]:
    """Return the cases of every tier."""
    files = sorted(folder.glob("*.yaml"))
    return [_of_desync(file.stem, case) for file in files for case in yaml.safe_load(file.read_text()) or []]


def _of_desync(file: str, case: dict[str, Any]) -> Foreign:
    tier = case["expected"]["tier"]
    fields = [
        f"{field['name']}: {field['value'] if field['value'] is not None else ''}" for field in case["headers"] or []
    ]
    coded = any(re.match(r"\W*transfer[-_]encoding", field, re.IGNORECASE) for field in fields)
    body = "0\r\n\r\n" if coded else _body(fields)
    head = "\r\n".join([f"{case['method']} {case['uri']} {case['version']}", *fields]) + "\r\n\r\n"
    sent = (_with_host(head) + body).encode("utf-8")
    return Foreign("desync", f"{file}, {case['name']}", sent, tier in ("Severe", "Ambiguous"), tier == "Compliant")


def _body(fields: list[str]) -> str:
    for field in fields:
        length = re.fullmatch(r"content-length:\s*([0-9]{1,6})\s*", field, re.IGNORECASE)
        if length:
            return "x" * int(length[1])
    return ""

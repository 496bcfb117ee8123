"""Requests that people write down, sent over HTTP: bounded in time and size, TLS verified, proof kept to its origin."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urljoin, urlsplit

from yett.collections.play import Outgoing
from yett.collections.verdicts import Answer
from yett.errors import YettError

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES: Final = 8 * 1024 * 1024
"""Bytes of an answer; a longer one is a failure."""
MOST_HOPS: Final = 5
"""Redirects that are followed, where any are."""
_PROOFS: Final = frozenset({"authorization", "cookie", "proxy-authorization"})
_AS_GET: Final = frozenset({301, 302, 303})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class SendError(YettError):
    """A request could not be sent, or was not answered. The message holds no header and no body."""

    code = "request-failed"


@dataclass(frozen=True, slots=True)
class SendOptions:
    """How requests are sent. `reroute` maps an origin to where a gateway for it listens."""

    timeout_s: float = 30.0
    follow: bool = False
    insecure: bool = False


class Sender:
    """Sends requests one after the other, over connections that are kept. Use it as a context."""

    def __init__(self, options: SendOptions, secret_headers: frozenset[str] = frozenset()) -> None:
        self._options = options
        self._secret = _PROOFS | secret_headers
        self._kept: dict[str, HTTPConnection] = {}
        self._tls = ssl.create_default_context()
        if options.insecure:
            self._tls.check_hostname = False
            self._tls.verify_mode = ssl.CERT_NONE

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._kept.values():
            one.close()
        self._kept.clear()

    def send(self, request: Outgoing, *, keep_to_origin: Mapping[str, str] | None = None) -> Answer:
        """The answer. Raises `SendError`.

        A redirect is followed where the options say so; headers that prove who asks (and those named in
        `keep_to_origin`) go with it only as long as scheme, host and port stay the same.
        """
        secret = self._secret | frozenset(keep_to_origin or ())
        answer = self._once(request)
        for _ in range(MOST_HOPS if self._options.follow else 0):
            target = answer.header("location")
            if answer.status not in _REDIRECTS or target is None:
                return answer
            request = _next(request, answer.status, target, secret)
            answer = self._once(request)
        return answer

    def _once(self, request: Outgoing) -> Answer:
        began = time.monotonic()
        for attempt in (1, 2):
            connection = self._connection(request.url)
            fresh = connection.sock is None
            try:
                return self._exchange(connection, request, began)
            except (OSError, HTTPException, ValueError) as error:
                connection.close()
                # A kept connection may have ended meanwhile; a request that may have been acted on is not repeated.
                if fresh or attempt == 2 or isinstance(error, TimeoutError) or request.method not in ("GET", "HEAD"):
                    raise SendError(f"{_origin(request.url)} {_reason(error)}") from None
        raise AssertionError

    def _connection(self, url: str) -> HTTPConnection:
        origin = _origin(url)
        held = self._kept.get(origin)
        if held is None:
            parts = urlsplit(url)
            timeout = self._options.timeout_s
            host = parts.hostname or ""
            if parts.scheme == "https":
                held = HTTPSConnection(host, parts.port, timeout=timeout, context=self._tls)
            else:
                held = HTTPConnection(host, parts.port, timeout=timeout)
            self._kept[origin] = held
        return held

    def _exchange(self, connection: HTTPConnection, request: Outgoing, began: float) -> Answer:
        parts = urlsplit(request.url)
        target = parts.path or "/"
        target += f"?{parts.query}" if parts.query else ""
        named = {name for name, _ in request.headers}
        connection.putrequest(request.method, target, skip_host="host" in named, skip_accept_encoding=True)
        for name, value in request.headers:
            if name not in ("content-length", "transfer-encoding", "connection"):
                connection.putheader(name, value.encode("utf-8"))
        if request.body is not None or request.method in ("POST", "PUT", "PATCH"):
            connection.putheader("content-length", str(len(request.body or b"")))
        connection.endheaders(request.body)
        received = connection.getresponse()
        deadline = began + self._options.timeout_s
        chunks, size = [], 0
        while chunk := received.read1(1 << 16):
            chunks.append(chunk)
            size += len(chunk)
            if size > MOST_BYTES:
                raise HTTPException(f"answers with more than {MOST_BYTES:,} bytes")
            if time.monotonic() > deadline:
                raise TimeoutError
        # Read to its end: the connection is free for the next request.
        received.close()
        headers = tuple((name.lower(), value) for name, value in received.getheaders())
        return Answer(received.status, headers, b"".join(chunks), (time.monotonic() - began) * 1000)


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise SendError("the address has no valid host and port") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SendError("an address is http or https, with a host")
    return f"{parts.scheme}://{parts.hostname}:{port}"


def _next(request: Outgoing, status: int, location: str, secret: frozenset[str]) -> Outgoing:
    try:
        url = urljoin(request.url, location)
    except ValueError:
        raise SendError("a redirect leads to no address") from None
    if _origin(url).startswith("http:") and _origin(request.url).startswith("https:"):
        raise SendError("a redirect leads from https to http: it is not followed")
    if _origin(url) != _origin(request.url):
        kept = tuple(one for one in request.headers if one[0] not in secret and one[0] != "host")
        request = replace(request, headers=kept)
    if status in _AS_GET and request.method not in ("GET", "HEAD"):
        kept = tuple(one for one in request.headers if not one[0].startswith("content-"))
        request = replace(request, method="GET", body=None, headers=kept)
    return replace(request, url=url)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "does not answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"has a certificate that is not trusted: {error.verify_message}"
    if isinstance(error, OSError):
        return f"cannot be reached: {(error.strerror or str(error)).lower()}"
    return str(error) if "bytes" in str(error) else f"gives no valid answer ({type(error).__name__})"

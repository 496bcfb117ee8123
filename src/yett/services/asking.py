"""Requests to a gateway over one connection, of which only the status and the problem's code matter."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final, Self
from urllib.parse import urlsplit

from yett.errors import GatewayError

_TIMEOUT_S: Final = 20.0
_MOST_BYTES: Final = 1 << 16


class Asker:
    """One caller. Redirects are not followed."""

    def __init__(self, url: str) -> None:
        """Take the gateway's URL, `http` or `https`. Raises `GatewayError` where it is none."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
            raise GatewayError("a gateway is named by scheme, host and port", hint="write `http://127.0.0.1:8080`")
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(parts.hostname, port, timeout=_TIMEOUT_S)
        self._name = f"{parts.scheme}://{parts.netloc}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, method: str, target: str, headers: Mapping[str, str]) -> tuple[int, str]:
        """The status, and the `code` of a problem (RFC 9457). Raises `GatewayError` where nobody answers."""
        for attempt in (1, 2):
            try:
                self._connection.request(method, target, headers=dict(headers))
                answer = self._connection.getresponse()
                body = answer.read(_MOST_BYTES + 1)
            except (OSError, HTTPException) as error:
                # A kept connection may have ended meanwhile.
                self._connection.close()
                if attempt == 2:
                    raise GatewayError(f"{self._name} does not answer: {error}", code="gateway-silent") from None
                continue
            if len(body) > _MOST_BYTES:
                self._connection.close()
            return answer.status, _code(answer.getheader("content-type", ""), body)
        raise AssertionError


def _code(kind: str, body: bytes) -> str:
    if not kind.startswith("application/problem+json"):
        return ""
    try:
        document = json.loads(body)
    except ValueError:
        return ""
    code = document.get("code") if isinstance(document, dict) else None
    return code if isinstance(code, str) else ""

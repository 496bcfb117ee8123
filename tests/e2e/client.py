"""A caller that can also misbehave: whole requests over `http.client`, or raw bytes over a socket."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What came back. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def problem(self) -> dict[str, Any]:
        """The body as an RFC 9457 problem, with its form checked."""
        assert self.headers["content-type"] == "application/problem+json", self.body
        found: dict[str, Any] = self.json
        assert found["status"] == self.status
        assert {"type", "title", "code", "decision"} <= found.keys()
        return found


@dataclass(frozen=True)
class Client:
    """Calls one gateway, each time over a new connection."""

    port: int
    key: str = ""
    timeout: float = 10

    def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a request; a body that is not bytes is sent as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        sent = {"x-api-key": self.key} if self.key else {}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent["content-type"] = "application/json"
        try:
            connection.request(method, path, body, {**sent, **(headers or {})})
            return _answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """GET."""
        return self.call("GET", path, headers=headers)

    def post(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
        """POST."""
        return self.call("POST", path, body, headers)

    def connect(self) -> socket.socket:
        """Open a connection for raw bytes."""
        return socket.create_connection(("127.0.0.1", self.port), self.timeout)

    def head(self, method: str, path: str, *headers: str) -> bytes:
        """Return the raw head of a request with the key."""
        lines = [f"{method} {path} HTTP/1.1", "host: gateway.example", f"x-api-key: {self.key}", *headers]
        return "\r\n".join(lines).encode() + b"\r\n\r\n"

    def raw(self, data: bytes) -> Answer:
        """Send raw bytes and read one answer."""
        with self.connect() as connection:
            connection.sendall(data)
            return read_answer(connection)


def read_answer(connection: socket.socket) -> Answer:
    """Read one answer from a raw connection."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    return _answer(response)


def _answer(response: http.client.HTTPResponse) -> Answer:
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read())

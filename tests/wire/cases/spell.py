"""Short ways to spell requests."""

from __future__ import annotations

from tests.wire.verdicts import Case, Verdict

HOST = "Host: wire.example"
CHUNKED = "Transfer-Encoding: chunked"
END = "0\r\n\r\n"
SMUGGLED = "GET /wire/smuggled HTTP/1.1\r\nHost: wire.example\r\n\r\n"


def raw(text: str | bytes) -> bytes:
    """Latin-1: each character one byte."""
    return text if isinstance(text, bytes) else text.encode("latin-1")


def get(*fields: str, target: str = "/wire/a", method: str = "GET", version: str = "HTTP/1.1", host: str = HOST) -> str:
    """A request without a body."""
    lines = [f"{method} {target} {version}", *([host] if host else []), *fields]
    return "\r\n".join(lines) + "\r\n\r\n"


def post(*fields: str, body: str = "", target: str = "/wire/a") -> str:
    """A request with a body."""
    return get(*fields, target=target, method="POST") + body


class Table:
    """Cases of one group."""

    def __init__(self, group: str) -> None:
        self.group = group
        self.cases: list[Case] = []

    def one(self, name: str, sent: str | bytes, why: str, **more: object) -> None:
        """Exactly one well-formed request upstream."""
        self._add(Verdict.ONE, name, sent, why, more)

    def closed(self, name: str, sent: str | bytes, why: str, **more: object) -> None:
        """Refused, and the connection ended."""
        self._add(Verdict.CLOSED, name, sent, why, more)

    def refused(self, name: str, sent: str | bytes, why: str, **more: object) -> None:
        """Refused; the connection may go on."""
        self._add(Verdict.REFUSED, name, sent, why, more)

    def _add(self, verdict: Verdict, name: str, sent: str | bytes, why: str, more: dict[str, object]) -> None:
        self.cases.append(Case(name, self.group, raw(sent), verdict, why, **more))  # type: ignore[arg-type]

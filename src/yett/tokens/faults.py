"""Refusals in the words of RFC 6749 section 5.2 and its extensions."""

from __future__ import annotations

from collections.abc import Mapping


class Fault(Exception):
    """A request is refused. `error` is what a program reads; `description` is ASCII and tells no secret."""

    def __init__(
        self, error: str, description: str, status: int = 400, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status
        self.headers = dict(headers or {})


def invalid_request(description: str) -> Fault:
    """The request is malformed."""
    return Fault("invalid_request", description)


def invalid_client(*, basic: bool = False) -> Fault:
    """The client did not prove itself. Why stays here: a guesser learns nothing from it."""
    challenge = {"www-authenticate": 'Basic realm="yett", charset="UTF-8"'} if basic else {}
    return Fault("invalid_client", "the client could not be authenticated", 401, challenge)


def invalid_grant(description: str) -> Fault:
    """What was brought to be exchanged is not taken."""
    return Fault("invalid_grant", description)


def unavailable(seconds: int = 1) -> Fault:
    """The endpoint cannot do it now; asking again later is right."""
    return Fault("temporarily_unavailable", "try again later", 503, {"retry-after": str(seconds)})

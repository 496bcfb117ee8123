"""Pages of other origins: which may read answers (CORS), and whose requests are forged (CSRF)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from yett.model.mode import Mode

Foreign = Literal["pass", "refuse-credentials", "refuse"]
"""What happens to requests of pages of origins that are not named."""


@dataclass(frozen=True, slots=True)
class CorsGuard:
    """Which pages of other origins may read answers; header names are in lower case.

    Without `origins` none may, and what the upstream says of it is taken off; with `off` it speaks for itself.
    """

    mode: Mode = "enforce"
    origins: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    expose: tuple[str, ...] = ()
    credentials: bool = False
    max_age_s: int = 600
    private_network: bool = False
    foreign: Foreign = "refuse-credentials"


@dataclass(frozen=True, slots=True)
class CsrfToken:
    """A signed token in a cookie of the gateway's and, sent back by a page, in a header field."""

    cookie: str = "__Host-yett-csrf"
    header: str = "x-csrf-token"
    lifetime_s: int = 7_200


@dataclass(frozen=True, slots=True)
class CsrfGuard:
    """Refuses requests that pages of other sites sent with a session; no `cookies` means that any cookie may be one."""

    mode: Mode = "enforce"
    cookies: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    token: CsrfToken | None = None

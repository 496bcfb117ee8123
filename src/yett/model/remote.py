"""Whom the gateway itself asks."""

from __future__ import annotations

from dataclasses import dataclass, field

from yett.model.place import NOWHERE, Place
from yett.model.tls import UpstreamTls


@dataclass(frozen=True, slots=True)
class Remote:
    """A URL that the gateway fetches of its own accord, never after a redirect.

    It is HTTPS unless `plain`, which is for the gateway's own machine only, and at a public address unless `private`.
    """

    url: str
    private: bool = False
    plain: bool = False
    timeout_ms: int = 5_000
    ca_pem: str | None = None
    tls: UpstreamTls = UpstreamTls()
    place: Place = field(default=NOWHERE, compare=False, repr=False)

"""Settings of the gateway process itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from yett.model.limit import DEFAULT_GATEWAY_LIMITS, Limit
from yett.model.place import NOWHERE, Place
from yett.model.secret import SecretReference


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files the gateway proves itself with: a certificate chain and its private key.

    `digest` is the SHA-256 of what both hold, in hex, by which a renewal is noticed.
    """

    certificate: str
    key: str
    digest: str = ""
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Where a gateway listens, what it writes and what it limits whatever the API.

    `workers` is `None` for one per core; `telemetry` is the address of `/metrics` and `/healthz`, `None` for off;
    `access_log` is `-` for standard output, a path, or `None` for off; `pepper` is `None` for the default file.
    """

    listen: str = "127.0.0.1:8080"
    workers: int | None = None
    telemetry: str | None = None
    access_log: str | None = "-"
    pepper: SecretReference | None = None
    tls: Tls | None = None
    limits: tuple[Limit, ...] = DEFAULT_GATEWAY_LIMITS
    place: Place = field(default=NOWHERE, compare=False, repr=False)

"""Settings of the gateway process itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from yett.model.limit import DEFAULT_GATEWAY_LIMITS, Limit
from yett.model.mode import Mode
from yett.model.place import NOWHERE, Place
from yett.model.policy import ClaimType
from yett.model.proxy import Issuer, Tracing
from yett.model.secret import SecretReference
from yett.model.stolen import Failures, Leaks, Networks
from yett.model.tls import Tls


@dataclass(frozen=True, slots=True)
class Listener:
    """Where callers are accepted.

    `tls` is `None` for TLS whenever there are certificates; with `proxy_protocol`, each connection begins with a PROXY
    header.
    """

    address: str
    tls: bool | None = None
    proxy_protocol: bool = False


@dataclass(frozen=True, slots=True)
class Clients:
    """How long callers are waited for, and how much each may hold.

    Times are milliseconds, rates bytes a second (0 for none), the rest counts or bytes; `request_timeout_ms` is `None`
    for as long as it takes.
    """

    header_timeout_ms: int = 10_000
    body_timeout_ms: int = 30_000
    idle_timeout_ms: int = 75_000
    request_timeout_ms: int | None = None
    min_upload_rate: int = 500
    min_download_rate: int = 1024
    max_head_bytes: int = 32 << 10
    max_headers: int = 100
    max_connections: int = 10_000
    max_connections_per_address: int = 1024
    max_streams: int = 100
    max_resets: int = 200


@dataclass(frozen=True, slots=True)
class Overload:
    """When requests are refused so that others are answered soon; times are milliseconds."""

    mode: Mode = "enforce"
    tolerance: int = 2
    slack_ms: int = 200
    floor: int = 8
    lag_ms: int = 250


LogSubjects = Literal["hashed", "plain", "off"]
"""How people stand in events: as a keyed hash, by name, or not at all."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Where a gateway listens, what it writes and what it limits whatever the API.

    `workers` is `None` for one per core; `telemetry` is the address of `/metrics` and `/healthz`, `None` for off;
    `access_log` is `-` for standard output, a path, or `None` for off; `pepper` is `None` for the default file.
    PROXY headers are taken from the networks `proxy_protocol_from`. `redirect_http` is the address of the listener that
    sends callers to HTTPS, at `redirect_port` or that of the first listener with TLS, and shows what lies in the
    webroot `acme_challenges`. `trusted_proxies` are networks in CIDR form; `identity` is `None` where no upstream is
    told who calls. `cache_bytes` is the memory for kept answers; `store` is the file for what
    outlives the process, `None` for the default one. `time_zone` (an IANA name, `None` for UTC) and `claims`, by name
    with their types, are what policies may speak of.
    `log_subjects` is how people stand in events.
    `keys_file` holds hashed keys by the million; `leaks` is `None` where nobody can hand in leaked keys.
    """

    listen: tuple[Listener, ...] = (Listener("127.0.0.1:8080"),)
    proxy_protocol_from: tuple[str, ...] = ()
    redirect_http: str | None = None
    redirect_port: int | None = None
    acme_challenges: str | None = None
    workers: int | None = None
    telemetry: str | None = None
    access_log: str | None = "-"
    pepper: SecretReference | None = None
    tls: Tls | None = None
    limits: tuple[Limit, ...] = DEFAULT_GATEWAY_LIMITS
    clients: Clients = Clients()
    trusted_proxies: tuple[str, ...] = ()
    tracing: Tracing = Tracing()
    identity: Issuer | None = None
    overload: Overload = Overload()
    cache_bytes: int = 64 << 20
    store: str | None = None
    time_zone: str | None = None
    claims: tuple[tuple[str, ClaimType], ...] = ()
    failures: Failures = Failures()
    networks: Networks = Networks()
    leaks: Leaks | None = None
    log_subjects: LogSubjects = "hashed"
    keys_file: str | None = None
    place: Place = field(default=NOWHERE, compare=False, repr=False)

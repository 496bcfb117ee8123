"""A gateway in this process: its workers are native threads that never enter Python."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yett.gateway.native import native, native_errors


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """What a gateway is started with. `pepper` is secret and left out of `repr`.

    Addresses are `ip:port`, port 0 for any free one. `access_log` is `-`, a path, or `None` for off; `tls` holds the
    paths of a certificate chain and its key; `workers` is `None` for one per core; `event_capacity` is how many events
    are held for `EmbeddedGateway.events`, the oldest giving way, and 0 holds none.
    """

    listen: str
    pepper: bytes = field(repr=False)
    workers: int | None = None
    telemetry: str | None = None
    access_log: str | None = "-"
    tls: tuple[str, str] | None = None
    event_capacity: int = 0

    def as_json(self) -> bytes:
        """The options in the form the native gateway takes."""
        options: dict[str, Any] = {
            "listen": [self.listen],
            "pepper": self.pepper.hex(),
            "access_log": self.access_log or "off",
            "event_capacity": self.event_capacity,
        }
        if self.workers is not None:
            options["workers"] = self.workers
        if self.telemetry is not None:
            options["telemetry"] = self.telemetry
        if self.tls is not None:
            options["tls"] = {"certificate": self.tls[0], "key": self.tls[1]}
        return json.dumps(options).encode("utf-8")


@dataclass(frozen=True, slots=True)
class Applied:
    """A snapshot that now serves; `digest` is its SHA-256 in hex, which events carry."""

    digest: str
    sequence: int = 0
    """Number of the last patch that is contained."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The addresses a gateway listens on, `ip:port`: for callers, and for telemetry where that is on."""

    listen: tuple[str, ...]
    telemetry: str | None = None


class EmbeddedGateway:
    """Starts, feeds and stops one native gateway. Methods may be called from any thread."""

    def __init__(self, options: GatewayOptions) -> None:
        """Take the options; nothing is bound yet. Raises `GatewayError` where they cannot be used."""
        with native_errors():
            self._native = native().Gateway(options.as_json())

    def start(self) -> Bound:
        """Bind every address and start the workers. Raises `ListenError` when an address cannot be bound."""
        with native_errors():
            bound = _mapping(self._native.start())
        return Bound(tuple(bound["listen"]), bound["telemetry"])

    def apply(self, snapshot: bytes) -> Applied:
        """Swap a snapshot in, all or nothing: requests in flight keep the old one.

        Raises `SnapshotRefusedError`; the one before it then keeps serving.
        """
        with native_errors():
            return _applied(self._native.apply(snapshot))

    def patch(self, patch: bytes) -> Applied:
        """Lay a numbered patch over the snapshot, all or nothing. Raises `SnapshotRefusedError`."""
        with native_errors():
            return _applied(self._native.patch(patch))

    def events(self, most: int) -> list[Mapping[str, Any]]:
        """Up to `most` events that nobody has taken yet, oldest first."""
        with native_errors():
            return [_mapping(event) for event in self._native.events(most)]

    def stats(self) -> Mapping[str, Any]:
        """Figures of the running gateway."""
        with native_errors():
            return _mapping(self._native.stats())

    def stop(self, grace_s: float) -> int:
        """Accept nothing new, let requests in flight finish for up to `grace_s` seconds, and end.

        Returns how many requests had not finished and were cut off.
        """
        with native_errors():
            return int(_mapping(self._native.stop(grace_s))["cut"])


def _applied(data: bytes) -> Applied:
    applied = _mapping(data)
    return Applied(applied["digest"], applied["sequence"])


def _mapping(data: bytes) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = json.loads(data)
    return loaded

"""A gateway in this process: its workers are native threads that never enter Python."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from yett.gateway.native import native, native_errors
from yett.model.stolen import Finding


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """What a gateway is started with. `pepper` is secret and left out of `repr`.

    Addresses are `ip:port`, port 0 for any free one. `listen` is one or several, each with settings where it needs any;
    `tls` and `redirect` are as the native gateway takes them (`schemas/options.json`); PROXY headers are taken from the
    networks `proxy_protocol_from`. `access_log` is `-`, a path, or `None` for off; `workers` is `None` for one a core;
    `event_capacity` is how many events are held for `EmbeddedGateway.events`, the oldest giving way, and 0 holds none;
    `clients` holds the limits on callers by the names of the native options, those that are `None` left to the gateway,
    and `overload` when requests are shed; `identity_keys` are PEM texts of the keys that sign tokens for upstreams, the
    first one signing, and as secret.
    `secrets` are those of signing keys, webhooks and passwords by the names that the snapshot has for them, and as
    secret.
    `cache_bytes` is the memory for kept answers.
    """

    listen: str | Sequence[str | Mapping[str, Any]]
    pepper: bytes = field(repr=False)
    workers: int | None = None
    telemetry: str | None = None
    access_log: str | None = "-"
    tls: Mapping[str, Any] | None = None
    redirect: Mapping[str, Any] | None = None
    proxy_protocol_from: Sequence[str] = ()
    event_capacity: int = 0
    clients: Mapping[str, int | None] = field(default_factory=dict)
    identity_keys: tuple[str, ...] = field(default=(), repr=False)
    overload: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    cache_bytes: int = 64 << 20

    def as_json(self) -> bytes:
        """The options in the form the native gateway takes."""
        options: dict[str, Any] = {
            "listen": [self.listen] if isinstance(self.listen, str) else list(self.listen),
            "pepper": self.pepper.hex(),
            "access_log": self.access_log or "off",
            "event_capacity": self.event_capacity,
            **{name: limit for name, limit in self.clients.items() if limit is not None},
            "overload": dict(self.overload),
            "cache_bytes": self.cache_bytes,
        }
        if self.workers is not None:
            options["workers"] = self.workers
        if self.telemetry is not None:
            options["telemetry"] = self.telemetry
        if self.secrets:
            options["secrets"] = dict(self.secrets)
        if self.identity_keys:
            options["identity_keys"] = list(self.identity_keys)
        if self.tls is not None:
            options["tls"] = self.tls
        if self.redirect is not None:
            options["redirect"] = self.redirect
        if self.proxy_protocol_from:
            options["proxy_protocol_from"] = list(self.proxy_protocol_from)
        return json.dumps(options).encode("utf-8")


@dataclass(frozen=True, slots=True)
class Applied:
    """A snapshot that now serves; `digest` is its SHA-256 in hex, which events carry."""

    digest: str
    sequence: int = 0
    """Number of the last patch that is contained."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The addresses a gateway listens on, `ip:port`: for callers, telemetry, and callers who are sent to HTTPS."""

    listen: tuple[str, ...]
    telemetry: str | None = None
    redirect: str | None = None


@dataclass(frozen=True, slots=True)
class LoadedKeys:
    """Keys that were loaded from a file; `strangers` holders of them (apps with profiles) are not configured."""

    keys: int
    strangers: int = 0


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
        return Bound(tuple(bound["listen"]), bound["telemetry"], bound["redirect"])

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

    def renew_secrets(self, secrets: Mapping[str, str]) -> None:
        """Take other secrets, by name; they hold from the next snapshot on, which may be the same."""
        with native_errors():
            self._native.renew_secrets(json.dumps(dict(secrets)).encode("utf-8"))

    def renew_tls(self, tls: Mapping[str, Any]) -> bool:
        """Read certificates, keys, authorities and revocation lists again, all or nothing; whether anything differs.

        Connections go on. Raises `GatewayError`; what was in force then stays so.
        """
        with native_errors():
            return bool(self._native.renew_tls(json.dumps(tls).encode("utf-8")))

    def events(self, most: int) -> list[Mapping[str, Any]]:
        """Up to `most` events that nobody has taken yet, oldest first."""
        with native_errors():
            return [_mapping(event) for event in self._native.events(most)]

    def findings(self, most: int) -> list[Finding]:
        """Look at keys that were handed in as leaked, block those that are real, and take up to `most` findings.

        To be called several times a second.
        """
        with native_errors():
            return [_finding(one) for one in json.loads(self._native.findings(most))]

    def load_keys(self, path: str) -> LoadedKeys:
        """Load a file of keys in the place of the one before, all or nothing.

        Raises `SnapshotRefusedError`, whose one diagnostic has the line's number as its pointer.
        """
        with native_errors():
            loaded = _mapping(self._native.load_keys(path))
        return LoadedKeys(loaded["keys"], loaded["strangers"])

    def used_keys(self, since: int, most: int) -> list[tuple[str, int]]:
        """The credentials used since a Unix minute, each with the minute of its last use."""
        with native_errors():
            return [(key, minute) for key, minute in json.loads(self._native.used_keys(since, most))]

    def key_set(self, issuer: str, kid: str | None) -> bytes | None:
        """The JWK set of an issuer as it was fetched, `None` where there is none.

        It is looked for anew, which takes up to a quarter of a minute, where it has no key called `kid`.
        """
        with native_errors():
            found = self._native.key_set(issuer, kid)
        return None if found is None else bytes(found)

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


def _finding(fields: dict[str, Any]) -> Finding:
    return Finding(**fields | {"evidence": tuple(fields["evidence"].items())})


def _applied(data: bytes) -> Applied:
    applied = _mapping(data)
    return Applied(applied["digest"], applied["sequence"])


def _mapping(data: bytes) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = json.loads(data)
    return loaded

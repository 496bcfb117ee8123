"""A gateway without sockets."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from typing import Any

from yett.errors import SnapshotRefusedError
from yett.gateway import Applied, Bound, GatewayOptions, LoadedKeys
from yett.model.diagnostic import Diagnostic
from yett.model.stolen import Finding


class QuietGateway:
    """Keeps what it is given. Refuses every snapshot while `refuses` names the pointer of a mistake."""

    def __init__(self, options: GatewayOptions) -> None:
        self.options = options
        self.snapshots: list[dict[str, Any]] = []
        self.raw: list[bytes] = []
        self.refuses = ""
        self.renewed: list[Mapping[str, Any]] = []
        self.secrets: list[dict[str, str]] = []
        self.stopped: float | None = None
        self.patches: list[dict[str, Any]] = []
        self.told = threading.Event()
        self.key_files: list[str] = []
        self.refuses_keys = ""
        self.noticed: list[Finding] = []
        self.used: list[tuple[str, int]] = []

    def start(self) -> Bound:
        assert self.snapshots, "a gateway that serves must have a plan"
        return Bound(("127.0.0.1:1234",))

    def apply(self, snapshot: bytes) -> Applied:
        if self.refuses:
            raise SnapshotRefusedError([Diagnostic("snapshot", 0, self.refuses, "odd", "is odd")])
        self.raw.append(snapshot)
        self.snapshots.append(json.loads(snapshot))
        return Applied(hashlib.sha256(snapshot).hexdigest())

    def patch(self, patch: bytes) -> Applied:
        document = json.loads(patch)
        self.patches.append(document)
        self.told.set()
        return Applied("", document["sequence"])

    def renew_secrets(self, secrets: Mapping[str, str]) -> None:
        self.secrets.append(dict(secrets))

    def renew_tls(self, tls: Mapping[str, Any]) -> bool:
        self.renewed.append(tls)
        return True

    def load_keys(self, path: str) -> LoadedKeys:
        self.key_files.append(path)
        if self.refuses_keys:
            raise SnapshotRefusedError([Diagnostic("snapshot", 0, self.refuses_keys, "keys-malformed", "is odd")])
        return LoadedKeys(3)

    def findings(self, most: int) -> list[Finding]:
        found, self.noticed = self.noticed[:most], self.noticed[most:]
        return found

    def used_keys(self, since: int, most: int) -> list[tuple[str, int]]:
        return [(key, minute) for key, minute in self.used if minute >= since][:most]

    def key_set(self, _issuer: str, _kid: str | None) -> bytes | None:
        """Nobody publishes keys here."""
        return None

    def stop(self, grace_s: float) -> int:
        self.stopped = grace_s
        return 0

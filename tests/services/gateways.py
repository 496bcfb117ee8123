"""A gateway without sockets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from yett.errors import SnapshotRefusedError
from yett.gateway import Applied, Bound, GatewayOptions
from yett.model.diagnostic import Diagnostic


class QuietGateway:
    """Keeps what it is given. Refuses every snapshot while `refuses` names the pointer of a mistake."""

    def __init__(self, options: GatewayOptions) -> None:
        self.options = options
        self.snapshots: list[dict[str, Any]] = []
        self.raw: list[bytes] = []
        self.refuses = ""
        self.renewed: list[Mapping[str, Any]] = []
        self.stopped: float | None = None
        self.patches: list[dict[str, Any]] = []

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
        return Applied("", document["sequence"])

    def renew_tls(self, tls: Mapping[str, Any]) -> bool:
        self.renewed.append(tls)
        return True

    def stop(self, grace_s: float) -> int:
        self.stopped = grace_s
        return 0

"""Patches to a running gateway: numbered here, one after the other, whoever sends them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final, Protocol

from yett.gateway import Applied

_MOST_CHANGES: Final = 10_000


class Patched(Protocol):
    """What takes patches."""

    def patch(self, patch: bytes) -> Applied:
        """Lay a numbered patch over the snapshot."""


class Patches:
    """The way to a gateway for what must not wait for a snapshot. May be used from any thread."""

    def __init__(self, gateway: Patched) -> None:
        self._gateway = gateway
        self._last = 0
        self._lock = threading.Lock()

    def follow(self, applied: Applied) -> None:
        """Note what a snapshot says of the last patch that is in force."""
        with self._lock:
            self._last = max(self._last, applied.sequence)

    def send(self, changes: Sequence[Mapping[str, Any]]) -> None:
        """Make `changes` (`schemas/patch.json`), all of them or none. Raises `GatewayError`."""
        with self._lock:
            patch = {"sequence": self._last + 1, "changes": list(changes)}
            self._last = self._gateway.patch(json.dumps(patch).encode("utf-8")).sequence

    def send_all(self, changes: Iterable[Mapping[str, Any]]) -> None:
        """Make many changes, in as many patches as it takes. Raises `GatewayError`."""
        rest = iter(changes)
        while batch := list(islice(rest, _MOST_CHANGES)):
            self.send(batch)


def revoke_token(issuer: str, jti: str, expires_at: int) -> dict[str, Any]:
    """The change that revokes a token."""
    return {"change": "revoke-token", "issuer": issuer, "jti": jti, "expires_at": expires_at}

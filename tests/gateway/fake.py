"""A native module made of Python, that answers as the real one does."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from yett.gateway.native import native


class NativeError(Exception):
    """As the native module's: code, message, details as JSON."""


class Gateway:
    """Keeps what it is given."""

    def __init__(self, options: bytes) -> None:
        self.options = json.loads(options)
        if self.options["listen"] == ["127.0.0.1:1"]:
            raise NativeError("option-invalid", "no", "null")

    def start(self) -> bytes:
        raise NativeError("listen-failed", "127.0.0.1:80 is in use", "null")

    def apply(self, snapshot: bytes) -> bytes:
        if snapshot == b"bad":
            details = [{"path": "/format", "code": "format-unknown", "message": "format 9 is not 1"}]
            raise NativeError("snapshot-refused", "1 mistakes", json.dumps(details))
        return b'{"digest": "d", "sequence": 0}'

    def events(self, most: int) -> list[bytes]:
        return [b'{"status": 200}'] * most

    def stats(self) -> bytes:
        return b'{"requests": 3}'

    def stop(self, grace: float) -> bytes:
        return json.dumps({"cut": int(grace)}).encode()


def decide(snapshot: bytes, requests: bytes, _pepper: bytes) -> bytes:
    """Refuse everything."""
    assert snapshot
    return json.dumps([decision(one["target"]) for one in json.loads(requests)]).encode()


def decision(target: str = "/x") -> dict[str, Any]:
    """A refusal of a request."""
    return {
        "id": "d1", "allowed": False, "status": 403, "code": "access-denied", "api": "shop", "operation": target,
        "app": None, "upstream": None, "violations": [{"in": "query", "field": "a", "code": "unknown", "detail": "no"}],
        "headers": [["retry-after", "1"]], "digest": "0" * 64,
        "phases": [{"phase": "authorize", "outcome": "deny", "reasons": ["no profile grants it"]}],
    }  # fmt: skip


@contextmanager
def fake_native(*, present: bool = True) -> Iterator[None]:
    """Put this in the place of the native module, or nothing, until the block ends."""
    module: Any = ModuleType("yett._native")
    module.NativeError, module.Gateway, module.decide = NativeError, Gateway, decide
    module.check = lambda _snapshot, _pepper: (
        b'[{"path": "/apis", "code": "odd", "message": "is odd", "hint": "mend it"}]'
    )
    module.catalogue = lambda: b'{"errors": []}'
    module.build_info = lambda: b'{"version": "0"}'
    before = sys.modules.get("yett._native")
    sys.modules["yett._native"] = module if present else None  # type: ignore[assignment]
    native.cache_clear()
    try:
        yield
    finally:
        native.cache_clear()
        del sys.modules["yett._native"]
        if before is not None:
            sys.modules["yett._native"] = before

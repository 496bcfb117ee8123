"""The engine without sockets: pure functions over a snapshot."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yett.gateway.decision import Decision
from yett.gateway.native import SnapshotMistake, mistakes, native, native_available, native_errors
from yett.model.policy import Statement

__all__ = [
    "Request",
    "SnapshotMistake",
    "build_info",
    "catalogue",
    "check_snapshot",
    "decide",
    "native_available",
    "policy_statements",
]


@dataclass(frozen=True, slots=True)
class Request:
    """A request as plain data; `address` is the caller's.

    `app` acts as that app without a credential, and where it is an agent, for `user`; `at` is the Unix millisecond at
    which to decide, `None` for now.
    """

    method: str
    target: str
    host: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    address: str = ""
    app: str | None = None
    user: str | None = None
    at: int | None = None

    def as_json(self) -> dict[str, Any]:
        """`Request` of the engine."""
        return {
            "method": self.method,
            "target": self.target,
            "host": self.host,
            "headers": [list(header) for header in self.headers],
            "body": self.body,
            "address": self.address,
            "app": self.app,
            "user": self.user,
            "at": self.at,
        }


def check_snapshot(snapshot: bytes, pepper: bytes) -> tuple[SnapshotMistake, ...]:
    """Everything the engine would refuse a snapshot for; nothing when it is good.

    Raises `NativeMissingError` without the native module.
    """
    with native_errors():
        return mistakes(native().check(snapshot, pepper))


def decide(
    snapshot: bytes, requests: Sequence[Request], pepper: bytes, changes: Sequence[Mapping[str, Any]] = ()
) -> tuple[Decision, ...]:
    """What a gateway running `snapshot`, with `changes` of a patch laid over it, would do with `requests` in order.

    Raises `SnapshotRefusedError`, `GatewayError` where a request cannot be put into HTTP, and `NativeMissingError`.
    """
    batch = json.dumps([request.as_json() for request in requests]).encode("utf-8")
    with native_errors():
        more = (json.dumps(list(changes)).encode("utf-8"),) if changes else ()
        decisions = json.loads(native().decide(snapshot, batch, pepper, *more))
    return tuple(Decision.from_document(one) for one in decisions)


def policy_statements(snapshot: bytes) -> tuple[Statement, ...]:
    """Every statement of a snapshot's access policies, in order: whom it is for, and of which operations.

    Raises `SnapshotRefusedError` where a policy has a mistake, and `NativeMissingError` without the native module.
    """
    with native_errors():
        found = json.loads(native().statements(snapshot))
    return tuple(_statement(one) for one in found)


def _statement(document: Mapping[str, Any]) -> Statement:
    caller = document["caller"]
    return Statement(
        label=document["label"],
        effect="permit" if document["permits"] else "forbid",
        monitored=document["monitored"],
        conditional=document["conditional"],
        stage=document["stage"],
        caller=None if caller is None else (caller["kind"], caller["name"]),
        operations=tuple(document["operations"]),
    )


def catalogue() -> Mapping[str, Any]:
    """The error codes and JSON Schemas this build knows. Raises `NativeMissingError`."""
    with native_errors():
        return _mapping(native().catalogue())


def build_info() -> Mapping[str, Any]:
    """Version, snapshot format and checksum of the sources of the native build. Raises `NativeMissingError`."""
    with native_errors():
        return _mapping(native().build_info())


def _mapping(data: bytes) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = json.loads(data)
    return loaded

"""The hatch: starts and feeds the engine. The only room that imports the native module, and late at that.

Bytes and plain settings go in, typed results come out; nothing here knows a file of configuration or a store.
"""

from __future__ import annotations

from yett.gateway.data import FoundData, find_data
from yett.gateway.decision import AccessReport, ContextReport, Decision, PhaseReport, PolicyReport, Violation
from yett.gateway.embedded import Applied, Bound, EmbeddedGateway, GatewayOptions, LoadedKeys
from yett.gateway.engine import (
    Request,
    SnapshotMistake,
    build_info,
    catalogue,
    check_snapshot,
    decide,
    native_available,
    policy_statements,
)
from yett.gateway.tokens import Algorithm, Expectations, unverified_issuer, verify_jws, verify_jwt

__all__ = [
    "AccessReport",
    "Algorithm",
    "Applied",
    "Bound",
    "ContextReport",
    "Decision",
    "EmbeddedGateway",
    "Expectations",
    "FoundData",
    "GatewayOptions",
    "LoadedKeys",
    "PhaseReport",
    "PolicyReport",
    "Request",
    "SnapshotMistake",
    "Violation",
    "build_info",
    "catalogue",
    "check_snapshot",
    "decide",
    "find_data",
    "native_available",
    "policy_statements",
    "unverified_issuer",
    "verify_jws",
    "verify_jwt",
]

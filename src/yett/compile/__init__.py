"""The model and its contracts become the snapshot that a gateway runs.

Pure and deterministic: the same configuration gives the same bytes. Nothing here reads a file, a clock or randomness.
"""

from __future__ import annotations

from yett.compile.operations import OperationIndex, check_operations
from yett.compile.places import place_of
from yett.compile.policies import Operations, write_cedar
from yett.compile.proxy import check_proxies
from yett.compile.snapshot import compile_snapshot
from yett.compile.source import ContractSource, OperationSource

__all__ = [
    "ContractSource",
    "OperationIndex",
    "OperationSource",
    "Operations",
    "check_operations",
    "check_proxies",
    "compile_snapshot",
    "place_of",
    "write_cedar",
]

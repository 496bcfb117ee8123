"""OpenAPI contracts: hostile files become operations and JSON Schema, with every mistake and its place.

Here live reading, references, schema conversion and examples. Nothing here knows the gateway, the store or a network;
of ours only `yett.model` and `yett.documents` are imported.
"""

from __future__ import annotations

from yett.contract.contract import Contract, Examples, Operation
from yett.contract.examples import ExampleRequest, example_request
from yett.contract.load import PatternPolicy, load_contract

__all__ = [
    "Contract",
    "ExampleRequest",
    "Examples",
    "Operation",
    "PatternPolicy",
    "example_request",
    "load_contract",
]

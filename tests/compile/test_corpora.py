"""Contracts that others wrote: each compiles, and the engine accepts it."""

from __future__ import annotations

import gzip
import os
import time
from functools import cache
from pathlib import Path

import pytest

from tests.compile.contracts import api
from tests.native import NATIVE
from yett.compile import compile_snapshot
from yett.contract import Contract, ExampleRequest, example_request, load_contract
from yett.gateway import Request, check_snapshot, decide
from yett.model.access import Collection, Credentials, Grant, Profile, Reach
from yett.model.configuration import Configuration
from yett.model.place import Reference

ROOT = Path(__file__).parent.parent.parent
CORPORA = Path(os.environ.get("YETT_CORPORA", ROOT.parent / "shared" / "corpora")) / "specs"
SPECS = sorted(path.name for path in CORPORA.glob("*.gz"))
pytestmark = pytest.mark.skipif(not SPECS, reason=f"no contracts in {CORPORA}: set YETT_CORPORA")

CONFIGURATION = Configuration(
    apis=(api(patterns="unenforced"),),
    collections=(Collection("all", (Reference("shop:*"),)),),
    profiles=(Profile("reader", (Grant(Reach("collection", "all")),)),),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("specs")


@cache
def loaded(name: str, folder: Path) -> Contract:
    """The contract of that name."""
    path = folder / name.removesuffix(".gz")
    path.write_bytes(gzip.decompress((CORPORA / name).read_bytes()))
    return load_contract(path, api="shop", patterns="unenforced")


@pytest.mark.parametrize("name", SPECS)
def test_a_contract_compiles_quickly_and_every_operation_is_there(name: str, folder: Path) -> None:
    contract = loaded(name, folder)
    assert contract.errors == ()
    began = time.process_time()
    snapshot = compile_snapshot(CONFIGURATION, {"shop": contract}, Credentials())
    assert time.process_time() - began < 1
    assert snapshot.count(b'"id":"shop:') == len(contract.operations)


@NATIVE
@pytest.mark.parametrize("name", SPECS)
def test_the_engine_accepts_a_compiled_contract(name: str, folder: Path) -> None:
    snapshot = compile_snapshot(CONFIGURATION, {"shop": loaded(name, folder)}, Credentials())
    assert check_snapshot(snapshot, b"p" * 32) == ()


def as_request(example: ExampleRequest, base_path: str) -> Request:
    """The example as the engine takes it."""
    reach = base_path.rstrip("/") + example.path + (f"?{example.query}" if example.query else "")
    body = (example.body or b"").decode("utf-8", "replace")
    headers = tuple(example.headers.items()) + ((("content-length", str(len(body))),) if body else ())
    return Request(example.method, reach, headers=headers, body=body)


@NATIVE
@pytest.mark.parametrize("name", SPECS)
def test_the_example_request_of_every_operation_is_routed_to_that_operation(name: str, folder: Path) -> None:
    contract = loaded(name, folder)
    snapshot = compile_snapshot(CONFIGURATION, {"shop": contract}, Credentials())
    requests = [
        as_request(example_request(contract, one), CONFIGURATION.apis[0].base_path) for one in contract.operations
    ]
    decisions = decide(snapshot, requests, b"p" * 32)
    expected = [f"shop:{one.operation_id}" for one in contract.operations]
    assert [decision.operation for decision in decisions] == expected

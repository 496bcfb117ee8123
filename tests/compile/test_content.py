"""What the snapshot says about caches, compression and notations."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from tests.compile.contracts import api, contract
from yett.compile import compile_snapshot
from yett.model.access import Credentials
from yett.model.api import OperationSettings
from yett.model.configuration import Configuration
from yett.model.content import Cache, Compression, Content, DecompressRequests


def operations(content: Content, method: str = "GET", **own: Content) -> dict[str, dict[str, Any]]:
    """The compiled operations `a` and `b` by id; `own` has content of single ones."""
    source = contract("a", "b")
    source = replace(source, operations=tuple(replace(one, method=method) for one in source.operations))
    settings = tuple(OperationSettings(name, content=one) for name, one in own.items())
    configuration = Configuration(apis=(api(content=content, operations=settings),))
    snapshot = json.loads(compile_snapshot(configuration, {"shop": source}, Credentials()))
    return {one["id"].partition(":")[2]: one for one in snapshot["apis"][0]["operations"]}


def test_what_is_off_is_left_out() -> None:
    assert not {"cache", "compression", "transcode", "decompress_requests"} & set(operations(Content())["a"])


def test_an_operations_own_settings_beat_the_apis() -> None:
    found = operations(Content(Cache(), Compression(), ("cbor",)), b=Content(Cache(default_ttl_ms=5)))
    assert found["a"]["cache"] == {"max_object": 1 << 20, "shared_between_callers": False}
    assert found["a"]["compression"]["algorithms"] == ["zstd", "br", "gzip"]
    assert found["a"]["transcode"] == ["cbor"]
    assert found["b"]["cache"]["default_ttl_ms"] == 5
    assert not {"compression", "transcode"} & set(found["b"])


def test_only_answers_to_get_are_kept() -> None:
    assert "cache" not in operations(Content(Cache()), method="POST")["a"]


def test_the_codings_that_are_decoded_are_named() -> None:
    found = operations(Content(decompress_requests=DecompressRequests(("br", "gzip"), 9)), b=Content())
    assert found["a"]["decompress_requests"] == {"algorithms": ["br", "gzip"], "max_ratio": 9}
    assert "decompress_requests" not in found["b"]

"""What an upstream and an operation say about protocols."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.files import BOOKSHOP, load, only_mistake
from yett.model.api import WebSocket


def changed(operation: str, upstream: str = "http://127.0.0.1:9000") -> str:
    """The bookshop with settings of `getBook`."""
    text = BOOKSHOP.replace("    owner: shop-team", f"    owner: shop-team\n    operations: {{getBook: {operation}}}")
    return text.replace("upstream: http://127.0.0.1:9000", f"upstream: {upstream}")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("{}", None),
        ("{websocket: false}", None),
        ("{websocket: true}", WebSocket()),
        ("{websocket: {}}", WebSocket()),
        ("{websocket: {origins: ['https://a.example', 'https://A.example:443']}}", WebSocket(("https://a.example",))),
    ],
)
def test_a_websocket_is_offered_only_where_it_says_so(tmp_path: Path, written: str, read: WebSocket | None) -> None:
    loaded = load(tmp_path, changed(written))
    assert loaded.diagnostics == ()
    assert loaded.configuration.apis[0].operations[0].websocket == read


def test_times_and_protocols_are_read(tmp_path: Path) -> None:
    upstream = "{targets: [{url: 'http://127.0.0.1:9000'}], protocol: http2}"
    (api,) = load(tmp_path, changed("{idle_timeout: 10m}", upstream)).configuration.apis
    assert (api.operations[0].idle_timeout_ms, api.upstream.protocol) == (600_000, "http2")


@pytest.mark.parametrize(
    ("operation", "upstream", "code"),
    [
        ("{websocket: {origins: ['https://a.example/path']}}", "http://127.0.0.1:9000", "origin-invalid"),
        ("{websocket: {origin: []}}", "http://127.0.0.1:9000", "unknown-key"),
        ("{idle_timeout: 48h}", "http://127.0.0.1:9000", "duration-invalid"),
        ("{}", "{targets: [{url: 'http://127.0.0.1:9000'}], protocol: http3}", "unknown-value"),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, operation: str, upstream: str, code: str) -> None:
    assert only_mistake(tmp_path, changed(operation, upstream)).code == code

"""A collection made from a contract, run through a gateway that is started for it."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.bookshop import upstream
from tests.cli.terminal import yett
from tests.conftest import ROOT

SHOP = ROOT / "examples" / "bookshop"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The bookshop's configuration in front of a running bookshop, and a collection that sends the gateway's key."""
    server = upstream.start()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    for name in ("yett.yaml", "bookshop.openapi.yaml"):
        shutil.copy(SHOP / name, tmp_path / name)
    text = (tmp_path / "yett.yaml").read_text()
    (tmp_path / "yett.yaml").write_text(text.replace("127.0.0.1:9000", f"127.0.0.1:{server.server_address[1]}"))
    made = tmp_path / "shop.collection.yaml"
    assert yett("collection", "generate", str(SHOP / "bookshop.openapi.yaml"), "-o", str(made)).code == 0
    text = made.read_text().replace("{{base_url}}/", "{{base_url}}/bookshop/")
    made.write_text(text.replace("items:\n", 'auth: {api_key: {name: x-api-key, value: "{{api_key}}"}}\nitems:\n', 1))
    try:
        yield tmp_path
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_what_reads_is_answered_as_the_contract_says(folder: Path) -> None:
    shown = yett(
        "collection", "run", str(folder / "shop.collection.yaml"), "--config", str(folder), "--only", "bookshop:list*",
        "--only", "bookshop:getHealth", "--only", "bookshop:getBook", "--report", "json",
    )  # fmt: skip
    report = json.loads(shown.out)
    assert [one["status"] for one in report["outcomes"]] == [200] * report["requests"]
    assert (report["passed"], report["assertions"]) == (True, 2 * report["requests"])


def test_without_a_key_the_gateway_refuses_and_the_run_says_so(folder: Path) -> None:
    made = folder / "shop.collection.yaml"
    made.write_text(made.read_text().replace("{{api_key}}", "none"))
    shown = yett("collection", "run", str(made), "--config", str(folder), "--only", "bookshop:listBooks")
    assert (shown.code, "seen: 401" in shown.out) == (1, True)

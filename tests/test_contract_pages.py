"""The command lines of `docs/contract-tests.md` and `docs/collections.md`, run against a running bookshop."""

from __future__ import annotations

import re
import shlex
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.bookshop import upstream
from tests.cli.terminal import yett
from tests.conftest import ROOT
from tests.native import NATIVE

LINES = {
    page: re.findall(r"^ {4}yett (.*)$", (ROOT / "docs" / page).read_text().replace("\\\n", ""), re.MULTILINE)
    for page in ("contract-tests.md", "collections.md")
}


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of a bookshop, with its example below the working folder."""
    server = upstream.start()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    port = server.server_address[1]
    folder = tmp_path / "examples" / "bookshop"
    folder.mkdir(parents=True)
    for name in ("yett.yaml", "bookshop.openapi.yaml"):
        text = (ROOT / "examples" / "bookshop" / name).read_text()
        (folder / name).write_text(text.replace("127.0.0.1:9000", f"127.0.0.1:{port}"))
    monkeypatch.chdir(tmp_path)
    try:
        yield port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def run(line: str, port: int, *more: str) -> tuple[int, str]:
    shown = yett(*shlex.split(line.replace("127.0.0.1:9000", f"127.0.0.1:{port}")), *more)
    return shown.code, shown.out + shown.err


@NATIVE
def test_a_shop_behind_the_gateway_keeps_its_contract_and_bare_it_does_not(port: int) -> None:
    behind, bare = LINES["contract-tests.md"]
    few = ("--cases", "2", "--seconds", "20", "--seed", "1")
    code, said = run(behind, port, *few)
    assert code == 0, said
    code, said = run(bare, port, *few)
    assert (code, "a request that does not fit is accepted" in said) == (1, True), said


def test_a_collection_is_made_and_run(port: int) -> None:
    made, sent = LINES["collections.md"][:2]
    assert run(made, port)[0] == 0
    code, said = run(sent, port, "--only", "bookshop:list*")
    assert code == 0, said


def test_the_catalogue_finds_books_and_saved_requests_are_searched(port: int) -> None:
    assert run(LINES["collections.md"][0], port)[0] == 0
    for line in LINES["collections.md"][-2:]:
        code, said = run(line, port)
        assert code == 0, said
        assert "ook" in said or "eview" in said

"""Contracts are kept between reloads."""

from __future__ import annotations

import json
from pathlib import Path

from tests.services.places import CONTRACT
from yett.model.api import Api, Target, Upstream
from yett.services.contracts import ContractShelf, contract_files


def api(path: Path) -> tuple[Api, ...]:
    """One API with the contract at `path`."""
    return (Api("shop", str(path), Upstream((Target("http://127.0.0.1:9"),))),)


def test_a_contract_is_read_again_only_when_its_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "shop.json"
    path.write_text(json.dumps(CONTRACT))
    shelf = ContractShelf()
    first = shelf.load(api(path)).contracts["shop"]
    assert shelf.load(api(path)).contracts["shop"] is first
    path.write_text(json.dumps(CONTRACT).replace("1.0.0", "1.0.10"))
    assert shelf.load(api(path)).contracts["shop"].version == "1.0.10"


def test_a_contract_with_errors_is_left_out_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "shop.json"
    path.write_text("{}")
    loaded = ContractShelf().load(api(path))
    assert loaded.contracts == {}
    assert loaded.diagnostics
    assert loaded.files == {str(path)}


def test_a_missing_contract_is_reported_and_watched(tmp_path: Path) -> None:
    loaded = ContractShelf().load(api(tmp_path / "gone.yaml"))
    assert [one.code for one in loaded.diagnostics] == ["contract-unreadable"]
    assert loaded.files == {str(tmp_path / "gone.yaml")}


def test_a_contract_of_several_files_is_watched_with_what_lies_below_its_folder(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    for name in ("parts/book.yaml", "parts/notes.txt", "other.json"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "shop.yaml").write_text("a: {$ref: parts/book.yaml}\n")
    files = {str(tmp_path / name) for name in ("shop.yaml", "parts/book.yaml", "other.json")}
    assert contract_files(str(tmp_path / "shop.yaml")) == files
    (tmp_path / "shop.yaml").write_text('a: {"$ref": "#/b"}\n')
    assert contract_files(str(tmp_path / "shop.yaml")) == {str(tmp_path / "shop.yaml")}

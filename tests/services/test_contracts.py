"""Contracts are kept between reloads."""

from __future__ import annotations

import json
from pathlib import Path

from tests.services.places import CONTRACT, ENVIRONMENT, SETTINGS, lay_out
from yett.model.api import Api
from yett.model.upstream import Target, Upstream
from yett.services.check import check_configuration
from yett.services.contracts import ContractShelf


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


def test_a_missing_contract_is_told_where_it_is_named(tmp_path: Path) -> None:
    path = lay_out(tmp_path)
    (tmp_path / "shop.json").unlink()
    (found,) = check_configuration(path, ENVIRONMENT).diagnostics
    assert (found.code, found.file, found.line, found.pointer) == ("contract-unreadable", path, 4, "/apis/0/contract")
    assert str(tmp_path / "shop.json") in found.message


def test_an_unreadable_contract_in_the_folder_of_the_configuration_is_told_once(tmp_path: Path) -> None:
    lay_out(tmp_path, SETTINGS.replace("shop.json", "shop.yaml"))
    (tmp_path / "shop.yaml").symlink_to(tmp_path / "shop.yaml")
    (found,) = check_configuration(str(tmp_path), ENVIRONMENT).diagnostics
    assert (found.code, found.place) == ("contract-unreadable", f"{tmp_path / 'yett.yaml'}:4")


def test_exactly_the_files_that_a_contract_is_sought_in_are_watched(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "other.json").write_text("{}")
    (tmp_path / "parts" / "book.yaml").write_text("properties: {author: {$ref: author.yaml}}")
    path = split(tmp_path)
    loaded = ContractShelf().load(api(path))
    assert loaded.files == {str(path), *(str(tmp_path / "parts" / name) for name in ("book.yaml", "author.yaml"))}


def test_a_part_that_was_away_for_a_moment_counts_once_it_is_back(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    path, part = split(tmp_path), tmp_path / "parts" / "book.yaml"
    shelf = ContractShelf()
    assert [one.code for one in shelf.load(api(path)).diagnostics] == ["ref-unresolved"]
    part.write_text("type: string")
    loaded = shelf.load(api(path))
    assert (loaded.diagnostics, list(loaded.contracts)) == ([], ["shop"])


def split(folder: Path) -> Path:
    """Write a contract that refers to `parts/book.yaml`; returns its path."""
    path = folder / "shop.json"
    body = {"content": {"application/json": {"schema": {"$ref": "parts/book.yaml"}}}}
    paths = {"/books": {"post": {"operationId": "addBook", "requestBody": body}}}
    path.write_text(json.dumps({**CONTRACT, "paths": paths}))
    return path

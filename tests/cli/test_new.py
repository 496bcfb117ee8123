"""`yett new`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from tests.cli.terminal import yett
from yett.cli import app, new

if TYPE_CHECKING:
    from pathlib import Path


def test_a_contract_and_a_configuration_are_written(tmp_path: Path) -> None:
    shown = yett("new", "api", "shop", "--resource", "book:title:string", "--folder", str(tmp_path / "new"))
    assert (shown.code, shown.err) == (0, "")
    assert "shop.openapi.yaml: 5 operations" in shown.out
    contract = str(tmp_path / "new" / "shop.openapi.yaml")
    assert "nothing found" in yett("lint", contract, "--fail-on", "hint").out
    assert "is sound" in yett("check", str(tmp_path / "new")).out


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "yett.yaml").write_text("mine")
    shown = yett("new", "api", "shop", "--folder", str(tmp_path))
    assert shown.code == 1
    assert "file-exists" in shown.err
    assert "--force" in shown.err
    assert (tmp_path / "yett.yaml").read_text() == "mine"
    assert not (tmp_path / "shop.openapi.yaml").exists()
    assert yett("new", "api", "shop", "--folder", str(tmp_path), "--force").code == 0
    assert (tmp_path / "yett.yaml").read_text() != "mine"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["Shop"], "name-not-usable"),
        (["../shop"], "name-not-usable"),
        (["shop", "--owner", "a b"], "name-not-usable"),
        (["shop", "--api-version", "one"], "version-not-usable"),
        (["shop", "--server", "http://shop.test"], "server-not-usable"),
        (["shop", "--resource", "book:price:numbr"], "resource-not-understood"),
    ],
)
def test_what_cannot_be_used_is_told_and_nothing_written(tmp_path: Path, arguments: list[str], code: str) -> None:
    shown = yett("new", "api", *arguments, "--folder", str(tmp_path / "new"))
    assert shown.code == 1
    assert code in shown.err
    assert not (tmp_path / "new").exists()


def test_without_a_terminal_a_name_is_needed() -> None:
    assert yett("new", "api").code == 2


def test_on_a_terminal_what_is_not_said_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new, "is_terminal", lambda: True)
    answers = "shop\nbook\ntitle:strng\nbook\ntitle:string,price:number\n\n"
    shown = CliRunner().invoke(app, ["new", "api", "--folder", str(tmp_path)], input=answers)
    assert shown.exit_code == 0
    assert "did you mean `string`?" in shown.output
    assert "price:" in (tmp_path / "shop.openapi.yaml").read_text()

"""`yett overlay`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.terminal import yett

if TYPE_CHECKING:
    from pathlib import Path

API = "openapi: 3.1.0\ninfo: {title: a, version: 1.0.0}\npaths: {}\n"
OVERLAY = """\
overlay: 1.0.0
info: {title: o, version: 1.0.0}
extends: api.yaml
actions:
  - {target: $.info, update: {title: b}}
  - {target: $.nothing, remove: true}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "api.yaml").write_text(API)
    (tmp_path / "o.yaml").write_text(OVERLAY)
    return tmp_path


def test_the_changed_contract_goes_to_standard_output_and_what_matches_nothing_is_told(folder: Path) -> None:
    shown = yett("overlay", str(folder / "api.yaml"), str(folder / "o.yaml"))
    assert shown.code == 0
    assert "title: b" in shown.out
    assert "o.yaml:6: warning[overlay-no-match] $.nothing matches nothing" in shown.err
    assert (folder / "api.yaml").read_text() == API


def test_under_strict_nothing_is_written(folder: Path) -> None:
    shown = yett("overlay", str(folder / "api.yaml"), str(folder / "o.yaml"), "--strict", "-o", str(folder / "b.yaml"))
    assert shown.code == 1
    assert not (folder / "b.yaml").exists()


def test_an_overlay_names_its_contract(folder: Path) -> None:
    shown = yett("overlay", str(folder / "o.yaml"), "-o", str(folder / "b.json"))
    assert shown.code == 0
    assert json.loads((folder / "b.json").read_text())["info"]["title"] == "b"


@pytest.mark.parametrize("address", ["../api.yaml", "/etc/passwd", "https://example.com/api.yaml", ""])
def test_an_overlay_leads_no_further_than_its_folder(folder: Path, address: str) -> None:
    (folder / "o.yaml").write_text(OVERLAY.replace("extends: api.yaml", f"extends: '{address}'"))
    shown = yett("overlay", str(folder / "o.yaml"))
    assert shown.code == 1
    assert "o.yaml:3: error[overlay-extends]" in shown.err


def test_an_overlay_for_another_contract_is_warned_of(folder: Path) -> None:
    (folder / "other.yaml").write_text(API)
    shown = yett("overlay", str(folder / "other.yaml"), str(folder / "o.yaml"))
    assert "o.yaml:3: warning[overlay-extends]" in shown.err


def test_a_contract_alone_is_not_enough(folder: Path) -> None:
    assert "overlay-missing" in yett("overlay", str(folder / "api.yaml")).err
    assert "file-unreadable" in yett("overlay", str(folder / "none.yaml"), str(folder / "o.yaml")).err

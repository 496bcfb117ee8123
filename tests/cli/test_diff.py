"""`yett diff`."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import yett
from tests.contract.diff.contracts import BASE


def lay_out(folder: Path, version: str = "1.0.0") -> tuple[str, str]:
    """Two contracts: the newer one lacks an operation and has another."""
    new: dict[str, Any] = copy.deepcopy(BASE)
    new["info"]["version"] = version
    new["paths"] = {"/authors": new["paths"]["/books"]}
    paths = folder / "old.json", folder / "new.json"
    for path, document in zip(paths, (BASE, new), strict=True):
        path.write_text(json.dumps(document))
    return str(paths[0]), str(paths[1])


def test_what_breaks_callers_is_shown_with_its_line_and_the_exit_code_says_so(tmp_path: Path) -> None:
    shown = yett("diff", *lay_out(tmp_path))
    assert shown.code == 1
    assert "POST /books is gone" in shown.out
    assert f"{tmp_path / 'old.json'}:1" in shown.out
    assert "POST /authors is new" not in shown.out
    assert "1 that break callers, 1 that break nobody (--all shows them too)" in shown.out


def test_all_shows_what_breaks_nobody_too(tmp_path: Path) -> None:
    assert "POST /authors is new" in yett("diff", *lay_out(tmp_path), "--all").out


@pytest.mark.parametrize(("arguments", "code"), [(["--fail-on", "never"], 0), (["--fail-on", "safe"], 1)])
def test_from_which_severity_it_fails_can_be_said(tmp_path: Path, arguments: list[str], code: int) -> None:
    assert yett("diff", *lay_out(tmp_path), *arguments).code == code


@pytest.mark.parametrize(("version", "code"), [("2.0.0", 0), ("1.1.0", 1), ("two", 1)])
def test_a_version_that_does_not_say_what_has_changed_fails(tmp_path: Path, version: str, code: int) -> None:
    assert yett("diff", *lay_out(tmp_path, version), "--version-step").code == code


def test_a_report_goes_to_standard_output_whole(tmp_path: Path) -> None:
    shown = yett("diff", *lay_out(tmp_path), "--format", "json")
    assert (shown.code, len(shown.json["changes"])) == (1, 2)
    assert yett("diff", *lay_out(tmp_path), "--format", "markdown").out.startswith("# From 1.0.0 to 1.0.0\n")


def test_a_contract_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    old, _ = lay_out(tmp_path)
    shown = yett("diff", old, str(tmp_path / "missing.json"))
    assert shown.code == 1
    assert "missing.json" in shown.err
    assert shown.out == ""


def test_json_is_asked_for_as_everywhere(tmp_path: Path) -> None:
    assert len(yett("diff", *lay_out(tmp_path), "--json").json["changes"]) == 2

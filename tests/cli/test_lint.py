"""`yett lint`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.terminal import yett

CONTRACT = """\
openapi: 3.1.0
info: {title: a, version: 1.0.0}
paths:
  /Books/: {get: {responses: {"200": {description: ok}}}}
"""


def lay_out(folder: Path) -> str:
    path = folder / "api.yaml"
    path.write_text(CONTRACT)
    return str(path)


def test_findings_are_shown_with_line_rule_and_place(tmp_path: Path) -> None:
    shown = yett("lint", lay_out(tmp_path), "--ruleset", "spectral:oas")
    assert "api.yaml:4: warn[path-keys-no-trailing-slash] Path must not end with slash." in shown.out
    assert "at: /paths/~1Books~1" in shown.out
    assert shown.code == 0


@pytest.mark.parametrize(("severity", "code"), [("error", 0), ("warn", 1), ("never", 0)])
def test_from_which_severity_it_fails_can_be_said(tmp_path: Path, severity: str, code: int) -> None:
    assert yett("lint", lay_out(tmp_path), "-r", "spectral:oas", "--fail-on", severity).code == code


def test_a_report_goes_to_standard_output_whole(tmp_path: Path) -> None:
    shown = yett("lint", lay_out(tmp_path), "-r", "spectral:oas", "--format", "json")
    assert shown.json["counts"]["warn"] >= 1


def test_a_mistake_in_a_ruleset_is_shown_with_its_line(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules:\n  mine: {given: $, then: {function: thruthy}}\n")
    shown = yett("lint", lay_out(tmp_path), "--ruleset", str(rules))
    assert shown.code == 1
    assert "rules.yaml:2: error[function-unknown]" in shown.err
    assert "did you mean `truthy`?" in shown.err


def test_json_is_asked_for_as_everywhere(tmp_path: Path) -> None:
    assert yett("lint", lay_out(tmp_path), "-r", "spectral:oas", "--json").json["counts"]["warn"] >= 1


@pytest.mark.parametrize("text", ["", "{}", "[openapi]", "info: {title: a}"])
def test_a_file_that_is_no_contract_does_not_pass_for_a_good_one(tmp_path: Path, text: str) -> None:
    path = tmp_path / "api.yaml"
    path.write_text(text)
    for command in ("lint", "score"):
        shown = yett(command, str(path))
        assert (shown.code, shown.out) == (1, "")
        assert "api.yaml:1: error[contract-unknown]" in shown.err

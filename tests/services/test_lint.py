"""Holding contracts against a ruleset as a use-case."""

from __future__ import annotations

from pathlib import Path

from yett.services.lint import lint_files


def test_every_contract_is_looked_at_and_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    good = tmp_path / "good.yaml"
    good.write_text("openapi: 3.1.0\ninfo: {title: a, version: 1.0.0}\npaths: {}\n")
    verdict = lint_files([str(good), str(tmp_path / "missing.yaml")], "spectral:oas", {})
    assert {one.file for one in verdict.findings} == {str(good)}
    assert [one.code for one in verdict.diagnostics] == ["file-unreadable"]
    assert not verdict.is_usable
    assert verdict.reaches("warn")
    assert not verdict.reaches("error")


def test_a_ruleset_that_is_not_sound_is_not_used(tmp_path: Path) -> None:
    verdict = lint_files(["any.yaml"], "yett:nothing", {})
    assert [one.code for one in verdict.diagnostics] == ["ruleset-missing"]
    assert verdict.findings == ()

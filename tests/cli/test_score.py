"""`yett score`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.terminal import yett


def lay_out(folder: Path) -> str:
    path = folder / "api.yaml"
    path.write_text("openapi: 3.1.0\ninfo: {title: a, version: 1.0.0}\npaths: {}\n")
    return str(path)


def test_the_score_is_shown_by_dimension_with_what_to_do_next(tmp_path: Path) -> None:
    shown = yett("score", lay_out(tmp_path), "-r", "spectral:oas")
    assert shown.code == 0
    assert shown.out.startswith("all ")
    assert "documentation" in shown.out
    assert "next:" in shown.out
    assert "info-contact in 1 place" in shown.out


def test_a_score_that_is_too_low_fails(tmp_path: Path) -> None:
    assert yett("score", lay_out(tmp_path), "-r", "spectral:oas", "--least", "99").code == 1


def test_a_badge_is_written(tmp_path: Path) -> None:
    shown = yett("score", lay_out(tmp_path), "--badge", str(tmp_path / "badge.svg"), "--json")
    assert shown.json["grade"] in "ABCDE"
    assert (tmp_path / "badge.svg").read_text().startswith("<svg")

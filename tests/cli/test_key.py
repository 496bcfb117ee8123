"""`yett key new`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.terminal import yett
from tests.services.places import lay_out
from yett.access.keys import is_wellformed


def test_a_key_is_printed_once_with_the_line_for_the_configuration(tmp_path: Path) -> None:
    shown = yett("key", "new", lay_out(tmp_path), "--env", "test", "--app", "reader-app")
    assert shown.code == 0
    keys = [word for word in shown.out.split() if is_wellformed(word)]
    assert len(keys) == 1
    assert f'prefix: "{keys[0][:18]}"' in shown.out
    assert "of the app `reader-app`" in shown.out


def test_a_key_as_json_is_for_programs(tmp_path: Path) -> None:
    shown = yett("key", "new", lay_out(tmp_path), "--json")
    assert is_wellformed(shown.json["key"])
    assert shown.json["line"].startswith("{hash: ")


def test_a_bad_environment_and_an_unknown_app_are_one_line_each(tmp_path: Path) -> None:
    path = lay_out(tmp_path)
    assert "error[key-malformed]" in yett("key", "new", path, "--env", "LIVE").err
    shown = yett("key", "new", path, "--app", "raeder-app")
    assert shown.code == 1
    assert "did you mean `reader-app`?" in shown.err


def test_a_key_alone_touches_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = yett("key", "new", "--quiet", "--env", "test")
    assert (shown.code, shown.err) == (0, "")
    assert is_wellformed(shown.out.removesuffix("\n"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("more", [("--json",), ("--app", "reader-app")])
def test_a_key_alone_has_neither_json_nor_an_app(more: tuple[str, ...]) -> None:
    assert yett("key", "new", "--quiet", *more).code == 2


@pytest.mark.parametrize("path", [".", "yett.yaml", "gone/yett.yaml"])
def test_where_there_is_no_configuration_no_pepper_is_made(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = yett("key", "new", path)
    assert (shown.code, shown.out) == (1, "")
    assert "error[configuration-missing]" in shown.err
    assert "--quiet" in shown.err
    assert list(tmp_path.iterdir()) == []

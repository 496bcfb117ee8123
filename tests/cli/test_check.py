"""`yett check`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.terminal import yett
from tests.gateway.fake import fake_native
from tests.services.places import ENVIRONMENT, KEY, SETTINGS, lay_out


def test_a_sound_configuration_is_summed_up(tmp_path: Path) -> None:
    with fake_native(present=False):
        shown = yett("check", lay_out(tmp_path), environment=ENVIRONMENT)
    assert shown.code == 0
    assert "is sound: 1 API, 2 operations, 1 app, 1 key" in shown.out
    assert "make build" in shown.err


def test_mistakes_are_shown_with_place_code_line_and_hint(tmp_path: Path) -> None:
    path = lay_out(tmp_path, SETTINGS.replace("per: minute", "per: minit"))
    shown = yett("check", path, environment=ENVIRONMENT)
    assert shown.code == 1
    assert f"{path}:8: error[unknown-value] expected one of" in shown.err
    assert "      8 | - {name: reader, grants: " in shown.err
    assert "hint: did you mean `minute`?" in shown.err
    assert shown.err.endswith("\n1 error\n")


def test_mistakes_as_json_are_data(tmp_path: Path) -> None:
    shown = yett("check", lay_out(tmp_path), "--json", environment={"READER_KEY": ""})
    assert shown.code == 1
    assert shown.json["sound"] is False
    assert [one["code"] for one in shown.json["diagnostics"]] == ["secret-empty"]
    assert shown.json["diagnostics"][0]["line"] == 11


def test_secrets_that_somebody_else_holds_may_be_absent(tmp_path: Path) -> None:
    with fake_native(present=False):
        shown = yett("check", lay_out(tmp_path), "--without-secrets", environment={"READER_KEY": ""})
    assert shown.code == 0
    assert "warning[secret-empty]" in shown.err


def test_a_secret_is_never_shown_not_even_in_the_line_of_source(tmp_path: Path) -> None:
    path = lay_out(tmp_path, SETTINGS.replace("{env: READER_KEY}", f"{{value: {KEY}, secret: hunter2, odd: 1}}"))
    for arguments in (("check", path), ("check", path, "--json")):
        shown = yett(*arguments)
        assert shown.code == 1
        assert KEY not in shown.out + shown.err
        assert "hunter2" not in shown.out + shown.err


def test_a_line_that_is_not_shown_is_told_by_its_key(tmp_path: Path) -> None:
    path = lay_out(tmp_path, SETTINGS.replace("{env: READER_KEY}", f"{{value: {KEY}, secret: hunter2, odd: 1}}"))
    shown = yett("check", path).err
    assert "at: apps.0.keys.0\n" in shown
    assert " | " not in shown


def test_a_missing_configuration_is_one_line(tmp_path: Path) -> None:
    shown = yett("check", str(tmp_path / "gone.yaml"))
    assert shown.code == 1
    assert "error[file-missing] cannot read the file: no such file or directory" in shown.err


def test_control_characters_of_a_hostile_file_do_not_reach_the_terminal(tmp_path: Path) -> None:
    path = lay_out(tmp_path, SETTINGS.replace("teams:", '"\\e[31mteams":'))
    shown = yett("check", path, environment=ENVIRONMENT)
    assert "\x1b" not in shown.err
    assert "\\x1b[31mteams" in shown.err


def test_no_colour_is_used_outside_a_terminal(tmp_path: Path) -> None:
    assert "\x1b" not in yett("check", lay_out(tmp_path), environment={"READER_KEY": "", "FORCE_COLOR": ""}).err


def test_the_key_is_named_where_a_line_holds_several(tmp_path: Path) -> None:
    settings = SETTINGS.replace("gateway: {", "gateway: {clients: {body_timeout: 5, idle_timeout: 5s}, ")
    shown = yett("check", lay_out(tmp_path, settings), environment=ENVIRONMENT)
    assert "        at: gateway.clients.body_timeout\n" in shown.err

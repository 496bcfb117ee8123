"""The command line as a whole."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.cli.terminal import yett
from tests.native import NATIVE
from tests.services.places import ENVIRONMENT, lay_out
from yett.cli import VERSION
from yett.cli.arguments import EXIT_CODES

COMMANDS = [
    ("run",),
    ("check",),
    ("compile",),
    ("explain",),
    ("routes",),
    ("schema",),
    ("key",),
    ("key", "new"),
    ("new", "api"),
    ("bundle",),
    ("overlay",),
    ("infer",),
]


def test_help_lists_every_command_and_the_exit_codes() -> None:
    shown = yett("--help")
    assert shown.code == 0
    assert all(f"  {command[0]} " in shown.out for command in COMMANDS)
    assert "Exit codes" in shown.out


@pytest.mark.parametrize("command", COMMANDS, ids="-".join)
def test_every_command_has_help(command: tuple[str, ...]) -> None:
    shown = yett(*command, "--help")
    assert shown.code == 0
    assert "Usage:" in shown.out
    if command != ("key",):
        assert EXIT_CODES[:24] in shown.out


def test_no_first_line_of_help_is_cut_off() -> None:
    groups = ("key", "access", "password", "client", "tokens", "new", "versions", "control", "collection")
    for group in ([], ["tokens", "key"], *([name] for name in groups)):
        assert "..." not in yett(*group, "--help").out.partition("Commands:")[2], group


def test_the_version_is_shown() -> None:
    assert yett("--version").out == f"yett {VERSION}\n"


def test_the_version_is_the_one_that_is_built() -> None:
    root = Path(__file__).parent.parent.parent
    assert tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"] == VERSION
    assert (
        tomllib.loads((root / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]["version"] == VERSION
    )


@pytest.mark.parametrize(
    "arguments",
    [("frobnicate",), ("check", "--frobnicate"), ("explain", "x"), ("run", "--grace", "-1"), ("schema", "moon")],
)
def test_wrong_usage_leaves_with_2(arguments: tuple[str, ...]) -> None:
    assert yett(*arguments).code == 2


def test_help_asks_for_no_room_behind_the_door() -> None:
    script = (
        "import sys; from yett.cli import app; app(['--help'], standalone_mode=False);"
        "print(sorted(m for m in sys.modules if m.startswith('yett.') and not m.startswith('yett.cli')));"
        "print([m for m in ('pydantic', 'yaml', 'rich') if m in sys.modules])"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.endswith("[]\n[]\n")


@pytest.mark.parametrize("command", [("schema",), ("routes",), ("check", "--without-secrets"), ("run", "--help")])
def test_an_output_that_is_full_is_one_line(tmp_path: Path, command: tuple[str, ...]) -> None:
    lay_out(tmp_path)
    with Path("/dev/full").open("wb", buffering=0) as full:
        done = subprocess.run(
            [sys.executable, "-m", "yett.cli", *command],
            cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, timeout=30, text=True,
        )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.endswith("error: cannot write the output: no space left on device\n")


@NATIVE
def test_a_terminal_that_knows_only_ascii_gets_ascii(tmp_path: Path) -> None:
    lay_out(tmp_path)
    command = [sys.executable, "-m", "yett.cli", "explain", "--request", "GET /shop/books/1"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=30)
    assert b"Traceback" not in done.stderr
    assert done.stdout.startswith(b"+ receive ")


def test_the_folder_one_stands_in_when_not_named_is_read_as_when_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path)
    (tmp_path / "more.yaml").write_text("yett: 1\nsurprise: 1\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    named, unnamed = (yett("check", *path, "--json", environment=ENVIRONMENT).json for path in ((".",), ()))
    assert named == unnamed
    assert [one["file"] for one in unnamed["diagnostics"]] == ["more.yaml"]


def test_a_reader_that_leaves_early_is_no_traceback(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "yett.cli", "schema"]
    with os.fdopen(writer, "wb") as broken:
        done = subprocess.run(command, stdout=broken, stderr=subprocess.PIPE, timeout=30, check=False)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr

"""The command line as a whole."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.cli.terminal import yett
from yett.cli import VERSION
from yett.cli.arguments import EXIT_CODES

COMMANDS = [("run",), ("check",), ("explain",), ("routes",), ("schema",), ("key",), ("key", "new")]


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
    assert "..." not in yett("--help").out.partition("Commands:")[2]


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


def test_a_reader_that_leaves_early_is_no_traceback(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "yett.cli", "schema"]
    with os.fdopen(writer, "wb") as broken:
        done = subprocess.run(command, stdout=broken, stderr=subprocess.PIPE, timeout=30, check=False)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr

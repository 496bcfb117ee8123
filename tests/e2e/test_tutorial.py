"""The tutorial, run in an empty folder as a newcomer would: every block, one after the other, in one terminal."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys

import pytest

from tests.e2e.gateways import ROOT
from tests.e2e.test_readme import BETWEEN, command_and_answer, fits, plain_environment

PAGE = (ROOT / "docs" / "tutorials" / "from-nothing-to-an-api.md").read_text()
BLOCKS = re.findall(r"^```console\n\$ (.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL)
YETT = f'#!/bin/sh\nexec "{sys.executable}" -m yett.cli "$@"\n'


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on."""
    doors = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [door.getsockname()[1] for door in doors]
    for door in doors:
        door.close()
    return ports


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What every block says."""
    folder, programs = tmp_path_factory.mktemp("empty"), tmp_path_factory.mktemp("programs")
    (programs / "yett").write_text(YETT)
    (programs / "yett").chmod(0o755)
    gateway, mock = free_ports(2)
    pasted = "trap 'kill $(jobs -p) 2>/dev/null' EXIT\n"
    for block in BLOCKS:
        command, _ = command_and_answer(block)
        # A newcomer types slower than a gateway starts.
        command = command.replace("curl -s", "curl -s --retry 15 --retry-delay 1 --retry-connrefused")
        pasted += f"printf '{BETWEEN}'\n{command.replace('127.0.0.1:8081', f'127.0.0.1:{mock}')}\n"
        if command.startswith("sed -i"):
            pasted += f"sed -i 's/127.0.0.1:8080/127.0.0.1:{gateway}/' yett.yaml\n"
    environment = plain_environment()
    environment["PATH"] = f"{programs}{os.pathsep}{environment['PATH']}"
    environment["PYTHONPATH"] = f"{ROOT / 'src'}"
    said = subprocess.run(
        ["bash"], input=pasted.replace("127.0.0.1:8080/bookshop", f"127.0.0.1:{gateway}/bookshop"), cwd=folder,
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=55,
    ).stdout  # fmt: skip
    return said.split(BETWEEN)[1:]


@pytest.mark.skipif(shutil.which("curl") is None or shutil.which("bash") is None, reason="needs curl and bash")
@pytest.mark.parametrize("number", range(len(BLOCKS)), ids=lambda number: BLOCKS[number][:50])
def test_a_block_prints_what_it_shows(number: int, answers: list[str]) -> None:
    command, shown = command_and_answer(BLOCKS[number])
    assert fits(shown, answers[number]), f"$ {command}\n{answers[number]}"


def test_the_tutorial_names_the_commands_it_is_about() -> None:
    text = "\n".join(BLOCKS)
    assert all(f"yett {one} " in text for one in ("new", "lint", "mock", "check", "run", "overlay", "diff"))


def test_the_tutorial_leaves_nothing_running() -> None:
    started = sum(block.rstrip().endswith("&") for block in BLOCKS)
    assert started == sum(block.startswith("kill ") for block in BLOCKS) > 0

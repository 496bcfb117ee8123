"""The tutorial on the end of a version, run as it is read: every block, one after the other, in one terminal."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.e2e.gateways import ROOT
from tests.e2e.test_readme import BETWEEN, command_and_answer, fits, plain_environment
from tests.e2e.test_tutorial import YETT, free_ports

PAGE = (ROOT / "docs" / "tutorials" / "a-version-goes.md").read_text()
BLOCKS = re.findall(r"^```console\n\$ (.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL)
# Whoever reads and types is slower than a gateway that starts, reloads or writes its log.
PATIENCE = """
reached() { for _ in $(seq 150); do [ "$(grep -cE "$1" "$2" 2>/dev/null)" -ge "$3" ] && return; sleep 0.1; done; }
"""


def waiting(commands: list[str]) -> list[str]:
    """The commands, each followed by the wait for what it sets off."""
    changes = calls = 0
    found = []
    for command in commands:
        wait = ":"
        if command.startswith("python3 ../upstream.py"):
            wait = "reached upstream upstream.log 1"
        elif command.startswith("yett run"):
            wait = "reached serving run.log 1"
        elif command.startswith("sed -i"):
            changes += 1
            wait = f"reached reloaded run.log {changes}"
        elif "curl " in command:
            calls += 2 if command.startswith("for ") else 1
            wait = f"reached decision access.log {calls}"
        found.append(f"{command}\n{wait}\n")
    return found


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What every block says."""
    folder, programs = tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("programs")
    (programs / "yett").write_text(YETT)
    (programs / "yett").chmod(0o755)
    (programs / "python3").symlink_to(sys.executable)
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns(".yett", "__pycache__"))
    gateway, shop = free_ports(2)
    file = folder / "examples" / "bookshop" / "versions" / "yett.yaml"
    file.write_text(file.read_text().replace(":8080", f":{gateway}").replace(":9000", f":{shop}"))
    pasted = f"trap 'kill $(jobs -p) 2>/dev/null' EXIT\n{PATIENCE}"
    for command in waiting([command_and_answer(block)[0] for block in BLOCKS]):
        typed = command.replace("127.0.0.1:8080", f"127.0.0.1:{gateway}").replace(
            "upstream.py 9000", f"upstream.py {shop}"
        )
        pasted += f"printf '{BETWEEN}'\n{typed}"
    environment = plain_environment()
    environment["PATH"] = f"{programs}{os.pathsep}{environment['PATH']}"
    environment["PYTHONPATH"] = f"{ROOT / 'src'}"
    said = subprocess.run(
        ["bash"], input=pasted, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=110,
    ).stdout  # fmt: skip
    return said.split(BETWEEN)[1:]


@pytest.mark.skipif(shutil.which("curl") is None or shutil.which("bash") is None, reason="needs curl and bash")
@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", range(len(BLOCKS)), ids=lambda number: BLOCKS[number][:50])
def test_a_block_prints_what_it_shows(number: int, answers: list[str]) -> None:
    command, shown = command_and_answer(BLOCKS[number])
    assert fits(shown, answers[number]), f"$ {command}\n{answers[number]}"


def test_every_fenced_part_of_the_page_is_run() -> None:
    assert len(BLOCKS) == PAGE.count("```") / 2


def test_the_tutorial_leaves_nothing_running() -> None:
    started = sum(block.rstrip().endswith("&") for block in BLOCKS)
    assert started == sum(block.count("%") for block in BLOCKS if block.startswith("kill ")) > 0

"""The README's examples, run as a newcomer would run them: every console block, and the configuration."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.gateways import ROOT, Gateway
from yett.services.assembly import assemble

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```console\n\$ (.*?)\n```$", README, re.MULTILINE | re.DOTALL)
ANYTHING = "..."


def command_and_answer(block: str) -> tuple[str, str]:
    """A console block taken apart: a command may go on after a backslash, the rest is what it prints."""
    lines = block.split("\n")
    length = next(number for number, line in enumerate(lines, 1) if not line.endswith("\\"))
    return "\n".join(lines[:length]), "\n".join(lines[length:])


def fits(shown: str, said: str) -> bool:
    """Whether what was said is what is shown: white space aside, `...` standing for anything."""
    pieces = [re.escape("".join(piece.split())) for piece in shown.split(ANYTHING)]
    return re.fullmatch(".*?".join(pieces), "".join(said.split()), re.DOTALL) is not None


@pytest.fixture
def shell(shop: Gateway) -> dict[str, str]:
    """The environment of somebody who has pasted the demo's keys."""
    keys = {f"{app.upper()}_KEY": key for app, key in shop.keys.items()}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, **keys, "PATH": path, "BASE": f"127.0.0.1:{shop.port}", "NO_COLOR": "1", "COLUMNS": "200"}


def test_the_readme_has_console_blocks() -> None:
    assert len(BLOCKS) >= 4


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: str(block)[:40])
def test_a_console_block_prints_what_it_shows(block: str, shell: dict[str, str]) -> None:
    command, shown = command_and_answer(block)
    if "curl" in command and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    command = command.replace("127.0.0.1:8080", shell["BASE"])
    run = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, env=shell, capture_output=True, text=True, timeout=30, check=False
    )
    assert fits(shown, run.stdout), f"$ {command}\n{run.stdout}{run.stderr}"


def test_the_configuration_is_sound(tmp_path: Path) -> None:
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    shutil.copy(ROOT / "examples" / "bookshop" / "bookshop.openapi.yaml", tmp_path)
    (tmp_path / "yett.yaml").write_text(text)
    assembly = assemble(str(tmp_path / "yett.yaml"), {}, need_secrets=False)
    assert [one for one in assembly.diagnostics if one.severity == "error"] == []


def test_an_answer_that_differs_does_not_fit() -> None:
    assert fits('{"a": ..., "b": 1}', '{"a":[2,3],"b":1}\n')
    assert not fits('{"a": ..., "b": 1}', '{"a":[2,3],"b":2}')

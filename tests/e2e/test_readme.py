"""The README's examples, run as a newcomer would run them: every console block, and the configuration."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from examples.bookshop import demo
from tests.e2e.gateways import ROOT, Gateway
from yett.services.assembly import assemble

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```console\n\$ (.*?)\n```$", README, re.MULTILINE | re.DOTALL)
ANYTHING = "..."
BETWEEN = "\x1e"


def command_and_answer(block: str) -> tuple[str, str]:
    """A console block taken apart: a command may go on after a backslash, the rest is what it prints."""
    lines = block.split("\n")
    length = next(number for number, line in enumerate(lines, 1) if not line.endswith("\\"))
    return "\n".join(lines[:length]), "\n".join(lines[length:])


def fits(shown: str, said: str) -> bool:
    """Whether what was said is what is shown: white space aside, `...` standing for anything."""
    pieces = [re.escape("".join(piece.split())) for piece in shown.split(ANYTHING)]
    return re.fullmatch(".*?".join(pieces), "".join(said.split()), re.DOTALL) is not None


@pytest.fixture(scope="module")
def answers(shop: Gateway, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What every console block says when all are pasted, one after the other, after what the demo says to paste.

    The terminal is plain: it does not know `yett` yet. It works in a copy, where the blocks may leave files.
    """
    copy = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "examples", copy / "examples", ignore=shutil.ignore_patterns(".yett"))
    (copy / "target").mkdir()
    keys = {app.upper(): key for app, key in shop.keys.items()}
    pasted = "\n".join(demo.preparation(keys)).replace(f"cd {ROOT}", f"cd {copy}")
    for block in BLOCKS:
        command, _ = command_and_answer(block)
        pasted += f"\nprintf '{BETWEEN}'\n{command.replace('127.0.0.1:8080', f'127.0.0.1:{shop.port}')}"
    said = subprocess.run(
        ["sh"], input=pasted, env=plain_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=50,
    ).stdout  # fmt: skip
    preparing, *answered = said.split(BETWEEN)
    assert preparing == ""
    return dict(zip(BLOCKS, answered, strict=True))


def plain_environment() -> dict[str, str]:
    """The environment of a newcomer's terminal, wide and without colour."""
    own = str(Path(sys.executable).parent)
    path = os.pathsep.join(one for one in os.environ["PATH"].split(os.pathsep) if one != own)
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_KEY") and name != "VIRTUAL_ENV"}
    return {**kept, "PATH": path, "NO_COLOR": "1", "COLUMNS": "200"}


def test_the_readme_has_console_blocks() -> None:
    assert len(BLOCKS) >= 6


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: str(block)[:60])
def test_a_console_block_prints_what_it_shows(block: str, answers: dict[str, str]) -> None:
    command, shown = command_and_answer(block)
    if "curl" in command and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    assert fits(shown, answers[block]), f"$ {command}\n{answers[block]}"


def test_the_configuration_is_sound(tmp_path: Path) -> None:
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    shutil.copy(ROOT / "examples" / "bookshop" / "bookshop.openapi.yaml", tmp_path)
    (tmp_path / "yett.yaml").write_text(text)
    assembly = assemble(str(tmp_path / "yett.yaml"), {}, need_secrets=False)
    assert [one for one in assembly.diagnostics if one.severity == "error"] == []


def test_an_answer_that_differs_does_not_fit() -> None:
    assert fits('{"a": ..., "b": 1}', '{"a":[2,3],"b":1}\n')
    assert not fits('{"a": ..., "b": 1}', '{"a":[2,3],"b":2}')

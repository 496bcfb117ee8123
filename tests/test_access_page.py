"""The examples of `docs/access.md`, run: the matrix and the answers are written by the commands themselves."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.cli.terminal import yett
from tests.e2e.test_readme import command_and_answer, fits
from tests.native import NATIVE
from yett.config.sections.access import DutyShape, ProfileShape
from yett.model.rights import RIGHTS

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "access.md"
TEXT = PAGE.read_text(encoding="utf-8")
PLAIN = {"NO_COLOR": "1", "COLUMNS": "160"}


def rights() -> str:
    """The table of console rights."""
    rows = "".join(f"| `{right}` | {meaning} |\n" for right, meaning in RIGHTS.items())
    return f"| right | allows to |\n| --- | --- |\n{rows}"


def answered(block: re.Match[str]) -> str:
    """A console block with what its command prints now."""
    command, _ = command_and_answer(block[1])
    return f"```console\n$ {command}\n{yett(*shlex.split(command)[1:], environment=PLAIN).out}```"


@pytest.mark.generated
def test_the_page_shows_what_the_commands_print(
    keep: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    parts = {"matrix": yett("access", "matrix", "examples/bookshop", "--format", "markdown").out, "rights": rights()}
    text = TEXT
    for name, part in parts.items():
        before, start, rest = text.partition(f"<!-- generated: {name} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        text = before + start + part + end + after
    keep(PAGE, re.sub(r"```console\n\$ (.*?)\n```", answered, text, flags=re.DOTALL))


@NATIVE
@pytest.mark.parametrize("block", re.findall(r"```text\n\$ (.*?)\n```", TEXT, re.DOTALL))
def test_an_explanation_is_as_the_page_shows(block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    command, shown = command_and_answer(block)
    assert fits(shown, yett(*shlex.split(command)[1:], environment=PLAIN).out)


@pytest.mark.parametrize("text", re.findall(r"```yaml\n# part of a configuration\n(.*?)```", TEXT, re.DOTALL))
def test_a_part_of_a_configuration_is_accepted(text: str) -> None:
    part = yaml.safe_load(text)
    for shape, section in ((ProfileShape, "profiles"), (DutyShape, "duties")):
        for one in part.get(section, []):
            shape.model_validate(one)


@NATIVE
def test_the_example_in_python_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(example, str(PAGE), "exec"), {})
    assert "grant `bookshop:getOrder`" in capsys.readouterr().out

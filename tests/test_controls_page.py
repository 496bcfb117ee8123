"""The command lines of `docs/controls.md`, run on the bookshop."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.cli.terminal import yett
from tests.native import NATIVE
from yett.access.keys import new_key

ROOT = Path(__file__).resolve().parent.parent
LINES = re.findall(
    r"^    yett (control .*)$", (ROOT / "docs" / "controls.md").read_text(encoding="utf-8"), re.MULTILINE
)
APPS = ("READER", "BUYER", "CLERK", "VISITOR")


@NATIVE
def test_each_line_does_what_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "examples" / "bookshop", tmp_path / "shop")
    monkeypatch.chdir(tmp_path / "shop")
    for app in APPS:
        monkeypatch.setenv(f"{app}_KEY", new_key("test").text)
    assert [shlex.split(line)[1] for line in LINES] == ["block", "throttle", "patch", "list", "end"]
    for line in LINES[:-1]:
        run = yett(*shlex.split(line))
        assert run.code == 0, run
    listed = json.loads(yett("control", "list", "--json").out)
    assert [one["action"]["do"] for one in listed] == ["block", "throttle", "patch"]
    assert yett("control", "end", listed[0]["id"]).code == 0
    assert len(json.loads(yett("control", "list", "--json").out)) == 2

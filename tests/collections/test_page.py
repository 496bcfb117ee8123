"""The page on collections: its example is one, and the commands it shows do what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.terminal import yett
from tests.conftest import ROOT
from yett.collections import export_files, import_files, steps_of

PAGE = (ROOT / "docs" / "collections.md").read_text()
EXAMPLES = re.findall(r"^```yaml\n# a collection\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^ {4}yett (collection (?:generate|import|export) .*)$", PAGE, re.MULTILINE)


def test_the_example_is_a_collection_without_a_mistake() -> None:
    read = import_files({"page.collection.yaml": EXAMPLES[0].encode()})
    assert read.diagnostics == ()
    assert read.collection is not None
    assert [one.title for one in steps_of(read.collection)] == ["Find a book", "Reviews / Of that book"]


def test_the_commands_do_what_they_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = import_files({"page.collection.yaml": EXAMPLES[0].encode()})
    assert read.collection is not None
    monkeypatch.chdir(tmp_path)
    (tmp_path / "postman.json").write_text(export_files(read.collection, "postman").files[""])
    for command in COMMANDS:
        words = [str(ROOT / word) if word.startswith("examples/") else word for word in shlex.split(command)]
        assert yett(*words).code == 0, command
    assert {path.name for path in tmp_path.iterdir()} >= {"bookshop.collection.yaml", "shop.collection.yaml", "shop"}

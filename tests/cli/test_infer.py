"""`yett infer`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.cli.terminal import yett

if TYPE_CHECKING:
    from pathlib import Path

ENTRIES = [
    {"request": {"method": "GET", "url": "https://a.test/books/7"}, "response": {"status": 200}},
    {"request": {"method": "OPTIONS", "url": "https://a.test/books/7"}, "response": {"status": 204}},
]


def lay_out(folder: Path) -> str:
    path = folder / "calls.har"
    path.write_text(json.dumps({"log": {"entries": ENTRIES}}))
    return str(path)


def test_the_contract_goes_to_standard_output_and_what_was_passed_over_is_told(tmp_path: Path) -> None:
    shown = yett("infer", lay_out(tmp_path))
    assert shown.code == 0
    assert "/books/{bookId}:" in shown.out
    assert shown.err == "made from 1 call\npassed over: 1 questions of a browser (OPTIONS)\n"


def test_it_is_written_to_a_file_and_never_over_one(tmp_path: Path) -> None:
    path, made = lay_out(tmp_path), tmp_path / "made.yaml"
    assert yett("infer", path, "-o", str(made)).code == 0
    assert "file-exists" in yett("infer", path, "-o", str(made)).err
    assert yett("infer", path, "-o", str(made), "--force").code == 0


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert yett("infer", str(tmp_path / "none.har")).code == 1
    shown = yett("infer", lay_out(tmp_path), "--host", "b.test")
    assert shown.code == 1
    assert "recorded are a.test" in shown.err

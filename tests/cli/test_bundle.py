"""`yett bundle`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.cli.terminal import yett

if TYPE_CHECKING:
    from pathlib import Path

API = """\
openapi: 3.1.0
info: {title: a, version: 1.0.0}
paths: {}
components: {schemas: {Book: {$ref: book.yaml}}}
"""


def lay_out(folder: Path) -> str:
    (folder / "book.yaml").write_text("type: object\n")
    path = folder / "api.yaml"
    path.write_text(API)
    return str(path)


def test_a_bundle_goes_to_standard_output(tmp_path: Path) -> None:
    shown = yett("bundle", lay_out(tmp_path))
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.endswith("components:\n  schemas:\n    Book:\n      type: object\n")


def test_a_bundle_is_written_as_its_name_says_and_never_over_a_file(tmp_path: Path) -> None:
    made = tmp_path / "made.json"
    assert yett("bundle", lay_out(tmp_path), "-o", str(made)).code == 0
    assert json.loads(made.read_text())["components"]["schemas"] == {"Book": {"type": "object"}}
    again = yett("bundle", lay_out(tmp_path), "-o", str(made))
    assert again.code == 1
    assert "file-exists" in again.err
    assert yett("bundle", lay_out(tmp_path), "-o", str(made), "--force").code == 0


def test_what_leads_nowhere_is_told_and_nothing_written(tmp_path: Path) -> None:
    path = lay_out(tmp_path)
    (tmp_path / "book.yaml").unlink()
    shown = yett("bundle", path, "-o", str(tmp_path / "made.yaml"))
    assert shown.code == 1
    assert "api.yaml:4: error[ref-unresolved]" in shown.err
    assert not (tmp_path / "made.yaml").exists()

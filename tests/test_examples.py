"""The examples are sound as they are shipped; `tests/e2e` runs them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from yett.access.keys import new_key
from yett.services.assembly import assemble

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
FOLDERS = sorted(path.parent for path in EXAMPLES.rglob("yett.yaml"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_an_example_is_free_of_errors_and_warnings(folder: Path) -> None:
    names = re.findall(r"\{env: (\w+)\}", (folder / "yett.yaml").read_text())
    assembly = assemble(str(folder), {name: new_key("test").text for name in names})
    assert assembly.diagnostics == ()
    assert json.loads(assembly.snapshot())["apis"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_an_example_says_what_it_is(folder: Path) -> None:
    assert (folder / "README.md").read_text().startswith("# ")


def test_the_bookshop_grants_every_operation_that_is_not_public() -> None:
    contract = yaml.safe_load((EXAMPLES / "bookshop" / "bookshop.openapi.yaml").read_text())
    settings = yaml.safe_load((EXAMPLES / "bookshop" / "yett.yaml").read_text())
    granted = {name for collection in settings["collections"] for name in collection["operations"]}
    public = {f"bookshop:{name}" for name, one in settings["apis"][0]["operations"].items() if one.get("public")}
    assert granted | public == {f"bookshop:{identity}" for identity in operation_ids(contract)}


def operation_ids(contract: dict[str, Any]) -> set[str]:
    """Every operationId of a contract."""
    items = [operation for path in contract["paths"].values() for operation in path.values()]
    return {one["operationId"] for one in items if isinstance(one, dict)}

"""The JSON Schema for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from yett.config import configuration_schema
from yett.documents import read_document

ROOT = Path(__file__).parent.parent.parent
SCHEMA: dict[str, Any] = json.loads((ROOT / "schemas" / "config.json").read_text(encoding="utf-8"))
GOOD = [ROOT / "tests" / "golden" / "smallest.in.yaml", ROOT / "tests" / "golden" / "everything.in.yaml"]


def test_the_committed_schema_is_fresh() -> None:
    assert configuration_schema() == SCHEMA, "run `yett schema > schemas/config.json`"


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_a_good_configuration_fits_the_schema(path: Path) -> None:
    jsonschema_rs.validator_for(SCHEMA).validate(read_document(path.read_bytes(), file=path.name).value)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"yett": 2},
        {"yett": 1, "portal": []},
        {"yett": 1, "gateway": {"wrkers": 1}},
        {"yett": 1, "teams": [{"name": "Shop Team"}]},
        {"yett": 1, "apps": [{"name": "a", "team": "b", "keys": ["yett_live_x"]}]},
        {"yett": 1, "profiles": [{"name": "a", "limits": [{"requests": 1, "concurrent": 1}]}]},
    ],
)
def test_a_bad_configuration_does_not_fit_the_schema(document: dict[str, Any]) -> None:
    assert not jsonschema_rs.validator_for(SCHEMA).is_valid(document)


def descriptions_missing(schema: Any, path: str = "") -> list[str]:
    """The properties below `schema` that do not say what they are."""
    if not isinstance(schema, dict):
        return []
    found = [f"{path}/{name}" for name, one in schema.get("properties", {}).items() if not one.get("description")]
    return found + [one for name, child in schema.items() for one in descriptions_missing(child, f"{path}/{name}")]


def test_every_setting_says_what_it_is() -> None:
    assert descriptions_missing(SCHEMA) == []

"""`schemas/` is what the code says, and says what it means."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema_rs
import pytest

from yett.gateway import catalogue, native_available
from yett.services.schemas import schema_of

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"
SUBJECTS = ("config", "collection", "snapshot", "patch", "event", "finding", "decision", "options")

needs_engine = pytest.mark.skipif(not native_available(), reason="the native module is not built: run `make build`")


def written(value: object) -> str:
    """JSON as it is kept, and as `yett schema` prints it: indented, so that a change is a small difference."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.generated
@needs_engine
@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_schema_is_fresh(subject: str, keep: Callable[[Path, str], None]) -> None:
    keep(SCHEMAS / f"{subject}.json", written(schema_of(subject)))


@pytest.mark.generated
@needs_engine
def test_the_catalogue_of_errors_is_fresh(keep: Callable[[Path, str], None]) -> None:
    keep(SCHEMAS / "errors.json", written(catalogue()["errors"]))


@needs_engine
@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_schema_is_a_valid_schema(subject: str) -> None:
    assert jsonschema_rs.meta.is_valid(schema_of(subject))


def test_nothing_else_is_kept_with_the_schemas() -> None:
    assert {path.name for path in SCHEMAS.iterdir()} <= {f"{subject}.json" for subject in (*SUBJECTS, "errors")}

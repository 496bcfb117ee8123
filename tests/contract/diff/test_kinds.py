"""Every kind of change: found where it is, as bad as it says, told in a sentence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.contract.diff.cases import CONTRACTS, SCHEMAS
from tests.contract.diff.contracts import compare, with_body
from yett.contract.diff import KINDS, Comparison

PAIRS = [(kind, with_body(old), with_body(new)) for kind, old, new in SCHEMAS] + CONTRACTS


@pytest.mark.parametrize(("kind", "old", "new"), PAIRS, ids=[f"{n}-{kind}" for n, (kind, _, _) in enumerate(PAIRS)])
def test_a_change_is_found_and_is_as_bad_as_its_kind_says(
    tmp_path: Path, kind: str, old: dict[str, Any], new: dict[str, Any]
) -> None:
    found = compare(tmp_path, old, new)
    assert found.diagnostics == ()
    changes = [one for one in found.changes if one.kind == kind]
    assert changes, [one.kind for one in found.changes]
    for one in changes:
        assert one.severity == KINDS[kind].severity(one.way)
        assert not re.search(r"\{(where|name|before|after)\}", one.sentence)
        assert one.old or one.new


@pytest.mark.parametrize(("kind", "old", "new"), SCHEMAS)
def test_a_change_of_a_schema_is_found_both_ways(tmp_path: Path, kind: str, old: Any, new: Any) -> None:
    # What is read-only or write-only travels one way only.
    if "read" in kind or "writ" in kind or "write-only" in kind:
        pytest.skip("it travels one way only")
    ways = {one.way for one in compare(tmp_path, with_body(old), with_body(new)).changes if one.kind == kind}
    removal = {"required-property-added", "closed-property-removed", "property-removed"}
    assert ways == {"request", "response"} or kind in removal


def test_every_kind_has_a_case() -> None:
    assert set(KINDS) == {kind for kind, _, _ in PAIRS}


@pytest.mark.parametrize(("kind", "old", "new"), PAIRS, ids=[f"{n}-{kind}" for n, (kind, _, _) in enumerate(PAIRS)])
def test_a_contract_is_the_same_as_itself(tmp_path: Path, kind: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    assert kind in KINDS
    for document in (old, new):
        assert compare(tmp_path, document, document) == Comparison("1.0.0", "1.0.0", ())

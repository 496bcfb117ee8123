"""Comparing whole contracts: references, loops, shared definitions, hostile files."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.contract.diff.contracts import BASE, compare, with_body, with_entry, with_operation
from yett.contract.diff import compare_contracts

TREE: dict[str, Any] = {
    "type": "object",
    "properties": {"child": {"$ref": "#/components/schemas/Tree"}, "leaf": {"type": "string"}},
}


def with_definitions(schema: Any, **schemas: Any) -> dict[str, Any]:
    return {**with_body(schema), "components": {"schemas": schemas}}


def test_a_change_of_what_is_shared_is_told_once_with_all_its_operations(tmp_path: Path) -> None:
    def contract(kind: str) -> dict[str, Any]:
        document = with_definitions({"$ref": "#/components/schemas/Id"}, Id={"type": kind})
        document["paths"]["/authors"] = document["paths"]["/books"]
        return document

    found = compare(tmp_path, contract("string"), contract("integer"))
    told = [one for one in found.changes if one.kind == "type-changed"]
    assert sorted((one.way, one.operations) for one in told) == [
        ("request", ("POST /books", "POST /authors")),
        ("response", ("POST /books", "POST /authors")),
    ]
    assert {one.new.pointer for one in told if one.new} == {"/components/schemas/Id"}


def test_a_schema_inside_itself_is_compared_once(tmp_path: Path) -> None:
    grown = {**TREE, "required": ["leaf"]}
    reference = {"$ref": "#/components/schemas/Tree"}
    found = compare(tmp_path, with_definitions(reference, Tree=TREE), with_definitions(reference, Tree=grown))
    assert sorted((one.kind, one.way) for one in found.changes) == [
        ("property-became-required", "request"),
        ("property-became-required", "response"),
    ]


def test_a_schema_written_in_place_is_the_same_as_one_referred_to(tmp_path: Path) -> None:
    text = {"type": "string"}
    found = compare(tmp_path, with_body(text), with_definitions({"$ref": "#/components/schemas/Text"}, Text=text))
    assert found.changes == ()


@pytest.mark.parametrize(
    "choice",
    [
        {"oneOf": [{"$ref": "#/components/schemas/Text"}, {"type": "null"}]},
        {"anyOf": [{"type": "null"}, {"type": "string"}]},
        {"type": "string", "nullable": True},
        {"type": ["null", "string"]},
    ],
)
def test_null_is_the_same_however_it_is_allowed(tmp_path: Path, choice: Any) -> None:
    old = with_definitions({"type": ["string", "null"]}, Text={"type": "string"})
    assert compare(tmp_path, old, with_definitions(choice, Text={"type": "string"})).changes == ()


def test_operations_are_matched_by_the_form_of_their_path(tmp_path: Path) -> None:
    def contract(path: str) -> dict[str, Any]:
        return with_entry("paths", {path: {"get": {"responses": {}}}})

    assert compare(tmp_path, contract("/a/{x}"), contract("/a/{y}")).changes == ()


@pytest.mark.parametrize(("today", "severity"), [(date(2026, 1, 1), "safe"), (date(2025, 12, 31), "breaking")])
def test_an_operation_may_go_on_the_day_announced_and_not_before(tmp_path: Path, today: date, severity: str) -> None:
    old = with_operation(deprecated=True, **{"x-sunset": "2026-01-01"})
    assert compare(tmp_path, old, with_entry("paths", {}), today=today).severity == severity


def test_what_cannot_be_read_is_told_and_nothing_is_compared(tmp_path: Path) -> None:
    (tmp_path / "new.json").write_text(json.dumps(BASE))
    found = compare_contracts(tmp_path / "missing.json", tmp_path / "new.json")
    assert found.changes == ()
    assert [one.code for one in found.diagnostics] != []


def test_a_reference_that_leaves_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside = with_body({"$ref": "../../etc/passwd"})
    found = compare(tmp_path, outside, with_body({"$ref": "http://127.0.0.1:1/x"}))
    assert {one.severity for one in found.diagnostics} == {"error"}


@pytest.mark.parametrize(
    "schema", [{"oneOf": 3}, {"required": "a"}, {"properties": []}, {"enum": {}}, {"type": 7}, 5, None]
)
def test_a_schema_that_is_none_breaks_no_comparison(tmp_path: Path, schema: Any) -> None:
    compare(tmp_path, with_body(schema), with_body({"type": "string"}))
    compare(tmp_path, with_body({"type": "string"}), with_body(schema))


def test_a_schema_among_its_own_alternatives_ends(tmp_path: Path) -> None:
    loop = {"oneOf": [{"$ref": "#/components/schemas/Loop"}, {"type": "null"}]}
    reference = {"$ref": "#/components/schemas/Loop"}
    found = compare(
        tmp_path, with_definitions(reference, Loop=loop), with_definitions(reference, Loop={"type": "null"})
    )
    assert found.old_version == "1.0.0"

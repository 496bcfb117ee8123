"""Schema Objects of OpenAPI 3.0 become JSON Schema 2020-12."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.contracts import codes, converted, schema_contract, schema_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({}, {}),
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        (
            {"type": "string", "nullable": True, "enum": ["a"]},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        (
            {"nullable": True, "allOf": [{"type": "object"}]},
            {"anyOf": [{"type": "null"}, {"allOf": [{"type": "object"}]}]},
        ),
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"maximum": 9, "exclusiveMaximum": False}, {"maximum": 9}),
        ({"exclusiveMaximum": True}, {}),
        ({"title": "T", "description": "D", "example": 1, "default": 2, "deprecated": True, "xml": {}}, {}),
        ({"type": "array", "items": {"type": "integer"}}, {"type": "array", "items": {"type": "integer"}}),
        ({"additionalProperties": False}, {"additionalProperties": False}),
        ({"additionalProperties": {"type": "string"}}, {"additionalProperties": {"type": "string"}}),
        ({"required": ["a", "a", "b"]}, {"required": ["a", "b"]}),
        ({"maxLength": 3.0, "minItems": 1}, {"maxLength": 3, "minItems": 1}),
        ({"not": {"type": "string"}}, {"not": {"type": "string"}}),
        ({"enum": [1, None]}, {"enum": [1, None]}),
    ],
)
def test_a_schema_when_converted_then_says_the_same(tmp_path: Path, schema: Any, expected: Any) -> None:
    assert converted(tmp_path, schema) == expected


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"format": "int32"}, {"minimum": -(2**31), "maximum": 2**31 - 1}),
        ({"format": "int64", "minimum": 0}, {"minimum": 0, "maximum": 2**63 - 1}),
        ({"format": "uint8", "maximum": 300}, {"minimum": 0, "maximum": 255}),
        ({"format": "double"}, {}),
        ({"format": "password"}, {}),
        ({"format": "binary", "type": "string"}, {"type": "string"}),
        ({"format": "date-time"}, {"format": "date-time"}),
        ({"format": "uuid"}, {"format": "uuid"}),
        ({"format": "ipv6"}, {"format": "ipv6"}),
    ],
)
def test_a_format_when_converted_then_asserts_what_it_means(tmp_path: Path, schema: Any, expected: Any) -> None:
    assert converted(tmp_path, schema) == expected


def test_a_byte_format_beside_a_pattern_when_converted_then_both_hold(tmp_path: Path) -> None:
    found = converted(tmp_path, {"format": "byte", "pattern": "^a"})
    assert found["pattern"] == "^a"
    assert len(found["allOf"]) == 1


def test_an_unknown_format_when_converted_then_is_told_once(tmp_path: Path) -> None:
    contract = schema_contract(tmp_path, {"allOf": [{"format": "isbn"}, {"format": "isbn"}]})
    assert codes(contract) == ["unknown-format"]
    assert contract.errors == ()


def test_a_reference_when_converted_then_loses_its_siblings(tmp_path: Path) -> None:
    found = converted(tmp_path, {"$ref": "#/components/schemas/Book", "maxLength": 1}, Book={"type": "string"})
    assert found == {"$ref": "urn:yett:request#/$defs/Book"}


def test_shared_schemas_when_converted_then_stand_under_their_names(tmp_path: Path) -> None:
    contract = schema_contract(
        tmp_path,
        {"$ref": "#/components/schemas/Book"},
        Book={"properties": {"next": {"$ref": "#/components/schemas/Book"}, "by": {"$ref": "#/components/schemas/By"}}},
        By={"type": "string"},
        Unused={"type": "integer"},
    )
    assert contract.request_schemas == {
        "Book": {
            "properties": {
                "next": {"$ref": "urn:yett:request#/$defs/Book"},
                "by": {"$ref": "urn:yett:request#/$defs/By"},
            }
        },
        "By": {"type": "string"},
    }
    assert contract.response_schemas == {}


def test_a_reference_into_a_schema_when_converted_then_gets_a_name_of_its_own(tmp_path: Path) -> None:
    contract = schema_contract(
        tmp_path,
        {"$ref": "#/components/schemas/Book/properties/title"},
        Book={"properties": {"title": {"type": "string"}}},
    )
    name = "contract.yaml/components/schemas/Book/properties/title"
    assert contract.request_schemas == {name: {"type": "string"}}
    escaped = name.replace("/", "~1")
    assert schema_of(contract) == {"$ref": f"urn:yett:request#/$defs/{escaped}"}


@pytest.mark.parametrize(
    ("schema", "code"),
    [
        ({"type": ["string", "null"]}, "unknown-type"),
        ({"type": "null"}, "unknown-type"),
        ({"type": "file"}, "unknown-type"),
        ({"type": 1}, "unknown-type"),
        ({"items": [{}]}, "wrong-type"),
        ({"items": True}, "wrong-type"),
        ({"properties": []}, "wrong-type"),
        ({"required": True}, "wrong-type"),
        ({"required": [1]}, "wrong-type"),
        ({"maxLength": "3"}, "wrong-type"),
        ({"maxLength": -1}, "wrong-type"),
        ({"maxLength": 1.5}, "wrong-type"),
        ({"minimum": True}, "wrong-type"),
        ({"multipleOf": 0}, "wrong-type"),
        ({"uniqueItems": "yes"}, "wrong-type"),
        ({"exclusiveMinimum": 3}, "wrong-type"),
        ({"enum": {}}, "wrong-type"),
        ({"allOf": []}, "empty-list"),
        ({"allOf": {}}, "wrong-type"),
        ({"pattern": 3}, "wrong-type"),
        ({"nullable": "true"}, "wrong-type"),
        ({"$ref": "#/components/schemas/Missing"}, "ref-unresolved"),
        ({"$ref": 5}, "wrong-type"),
        ("string", "wrong-type"),
    ],
)
def test_a_schema_when_a_keyword_is_wrong_then_its_place_is_told(tmp_path: Path, schema: Any, code: str) -> None:
    contract = schema_contract(tmp_path, schema)
    assert codes(contract) == [code]
    assert all(one.hint and one.line > 0 for one in contract.errors)


def test_keywords_of_later_versions_when_met_then_are_told_not_dropped_in_silence(tmp_path: Path) -> None:
    contract = schema_contract(tmp_path, {"const": 1, "x-note": 2, "minimun": 3})
    assert [(one.code, one.pointer.rsplit("/")[-1]) for one in contract.diagnostics] == [
        ("unknown-keyword", "const"),
        ("unknown-keyword", "minimun"),
    ]


def test_schemas_when_nested_too_deep_then_are_refused(tmp_path: Path) -> None:
    schema: dict[str, Any] = {}
    for _ in range(80):
        schema = {"not": schema}
    assert codes(schema_contract(tmp_path, schema)) == ["schema-too-deep"]

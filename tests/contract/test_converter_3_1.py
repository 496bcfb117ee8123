"""Schema Objects of OpenAPI 3.1 and 3.2 are JSON Schema 2020-12 already; their references are rewritten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.contracts import codes, converted, operation_contract, schema_contract, schema_of

if TYPE_CHECKING:
    from pathlib import Path

STANDARD = "https://json-schema.org/draft/2020-12/schema"


def test_a_schema_of_3_1_when_converted_then_keeps_every_assertion(tmp_path: Path) -> None:
    schema = {
        "type": ["object", "null"],
        "const": {},
        "exclusiveMinimum": 1,
        "prefixItems": [True, {"type": "string"}],
        "items": False,
        "contains": {"const": 1},
        "minContains": 2,
        "if": {"required": ["a"]},
        "then": {"minProperties": 2},
        "else": False,
        "dependentRequired": {"a": ["b"]},
        "dependentSchemas": {"a": {"maxProperties": 3}},
        "patternProperties": {"^x": {"type": "string"}},
        "propertyNames": {"maxLength": 3},
        "unevaluatedProperties": False,
        "unevaluatedItems": {"type": "string"},
    }
    assert converted(tmp_path, schema, openapi="3.1.0") == schema


def test_a_reference_of_3_1_when_converted_then_keeps_its_siblings(tmp_path: Path) -> None:
    schema = {"$ref": "#/components/schemas/Book", "maxLength": 1, "description": "D"}
    found = converted(tmp_path, schema, openapi="3.1.0", Book=True)
    assert found == {"$ref": "urn:yett:request#/$defs/Book", "maxLength": 1}


def test_formats_when_the_dialect_is_standard_then_are_annotations(tmp_path: Path) -> None:
    assert converted(tmp_path, {"format": "uuid"}, openapi="3.1.0") == {"format": "uuid"}
    assert converted(tmp_path, {"$schema": STANDARD, "format": "uuid", "type": "string"}, openapi="3.1.0") == {
        "type": "string"
    }


def test_formats_when_the_document_names_a_dialect_then_follow_it(tmp_path: Path) -> None:
    body = {"requestBody": {"content": {"application/json": {"schema": {"format": "uuid"}}}}}
    standard = operation_contract(tmp_path, body, jsonSchemaDialect=STANDARD)
    assert schema_of(standard) == {}
    ours = operation_contract(tmp_path, body, jsonSchemaDialect="https://spec.openapis.org/oas/3.1/dialect/base")
    assert schema_of(ours) == {"format": "uuid"}
    assert codes(operation_contract(tmp_path, body, jsonSchemaDialect="urn:other")) == ["unsupported-dialect"]


def test_a_dialect_when_unknown_then_is_refused(tmp_path: Path) -> None:
    contract = schema_contract(tmp_path, {"$schema": "http://json-schema.org/draft-04/schema#"}, openapi="3.1.0")
    assert codes(contract) == ["unsupported-dialect"]


def test_a_resource_when_it_has_an_id_then_its_references_keep_their_meaning(tmp_path: Path) -> None:
    tree = {
        "$id": "https://example.com/tree",
        "$defs": {"leaf": {"$anchor": "leaf", "type": "string"}},
        "properties": {"left": {"$ref": "#"}, "leaf": {"$ref": "#leaf"}, "other": {"$ref": "#/$defs/leaf"}},
        "x-kept": 1,
    }
    contract = schema_contract(tmp_path, {"$ref": "#/components/schemas/Tree"}, openapi="3.1.0", Tree=tree)
    assert contract.diagnostics == ()
    assert contract.request_schemas == {"Tree": tree}


def test_a_reference_by_id_when_the_contract_holds_it_then_brings_it_along(tmp_path: Path) -> None:
    schemas: dict[str, Any] = {
        "Shelf": {"$id": "https://example.com/shelf", "items": {"$ref": "book#/properties/title"}},
        "Book": {"$id": "https://example.com/book", "properties": {"title": {"type": "string"}}},
    }
    contract = schema_contract(tmp_path, {"$ref": "https://example.com/shelf"}, openapi="3.1.0", **schemas)
    assert contract.diagnostics == ()
    assert contract.request_schemas == schemas
    assert schema_of(contract) == {"$ref": "https://example.com/shelf"}


def test_a_relative_id_when_converted_then_becomes_absolute(tmp_path: Path) -> None:
    found = converted(tmp_path, {"$id": "book", "properties": {"a": {"$ref": "#"}}}, openapi="3.1.0")
    assert found == {"$id": "https://contract.invalid/book", "properties": {"a": {"$ref": "#"}}}


def test_an_anchor_of_the_document_when_referred_to_then_leads_to_its_schema(tmp_path: Path) -> None:
    contract = schema_contract(tmp_path, {"$ref": "#book"}, openapi="3.1.0", Book={"$anchor": "book", "type": "object"})
    assert contract.diagnostics == ()
    assert schema_of(contract) == {"$ref": "urn:yett:request#/$defs/Book"}
    assert contract.request_schemas == {"Book": {"type": "object"}}


def test_a_dynamic_anchor_of_the_document_when_referred_to_then_stays_dynamic(tmp_path: Path) -> None:
    tree = {"$dynamicAnchor": "node", "items": {"$dynamicRef": "#node"}}
    contract = schema_contract(tmp_path, {"$ref": "#/components/schemas/Tree"}, openapi="3.1.0", Tree=tree)
    assert contract.diagnostics == ()
    expected = {"$dynamicAnchor": "node", "items": {"$dynamicRef": "urn:yett:request#node"}}
    assert contract.request_schemas == {"Tree": expected}


@pytest.mark.parametrize(
    ("schema", "code"),
    [
        ({"$id": "urn:a", "$ref": "#/missing"}, "ref-unresolved"),
        ({"$id": "urn:a", "$ref": "#missing"}, "ref-unresolved"),
        ({"$id": "urn:a", "$ref": "https://example.com/b"}, "ref-remote"),
        ({"$ref": "https://example.com/b"}, "ref-remote"),
        ({"$ref": "#missing"}, "ref-unresolved"),
        ({"$dynamicRef": "#missing"}, "ref-unresolved"),
        ({"$id": "urn:a#b"}, "invalid-id"),
        ({"exclusiveMinimum": True}, "wrong-type"),
        ({"type": []}, "unknown-type"),
        ({"type": ["string", "any"]}, "unknown-type"),
        ({"nullable": True}, "unknown-keyword"),
        ({"prefixItems": {}}, "wrong-type"),
        ({"dependentRequired": {"a": 1}}, "wrong-type"),
        (7, "wrong-type"),
    ],
)
def test_a_schema_of_3_1_when_a_keyword_is_wrong_then_its_place_is_told(tmp_path: Path, schema: Any, code: str) -> None:
    assert codes(schema_contract(tmp_path, schema, openapi="3.1.0")) == [code]


def test_the_metaschema_when_referred_to_then_is_left_to_the_validator(tmp_path: Path) -> None:
    assert converted(tmp_path, {"$ref": STANDARD}, openapi="3.1.0") == {"$ref": STANDARD}

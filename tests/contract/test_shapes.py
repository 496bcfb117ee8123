"""Shapes say how text becomes JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from yett.contract.shapes import Shapes

DEFINITIONS: dict[str, Any] = {
    "Name": {"type": "string"},
    "Tree": {"type": "object", "properties": {"left": {"$ref": "urn:yett:request#/$defs/Tree"}}},
    "Loop": {"$ref": "urn:yett:request#/$defs/Loop"},
    "Wide": {"type": "object", "additionalProperties": {"$ref": "urn:yett:request#/$defs/Wide"}},
}


def shape(schema: Any) -> Any:
    return Shapes("urn:yett:request", DEFINITIONS).shape(schema)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (True, {}),
        ({}, {}),
        ({"type": ["string", "null", "integer"]}, {"types": ["null", "integer", "string"]}),
        ({"enum": [1, "a", 2.5, True, None]}, {"types": ["null", "boolean", "integer", "number", "string"]}),
        ({"const": [1]}, {"types": ["array"]}),
        ({"items": {"type": "number"}}, {"types": ["array"], "items": {"types": ["number"]}}),
        ({"properties": {"a": {}, "b": False}}, {"types": ["object"], "properties": {"a": {}}}),
        ({"additionalProperties": {"type": "boolean"}}, {"additional": {"types": ["boolean"]}}),
        ({"additionalProperties": True}, {"additional": {}}),
        ({"$ref": "urn:yett:request#/$defs/Name"}, {"types": ["string"]}),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, {"types": ["integer", "string"]}),
        ({"oneOf": [{"type": "integer"}, {}]}, {"types": ["integer", "string"]}),
        ({"allOf": [{"type": ["integer", "string"]}, {"type": "string"}]}, {"types": ["string"]}),
        ({"allOf": [{"type": "number"}, {"type": "integer"}]}, {"types": ["integer"]}),
        (
            {"allOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": {"type": "integer"}}}]},
            {"types": ["object"], "properties": {"a": {"types": ["string"]}, "b": {"types": ["integer"]}}},
        ),
        (
            {"oneOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"a": {"type": "integer"}}}]},
            {"types": ["object"], "properties": {"a": {"types": ["integer", "string"]}}},
        ),
        (
            {"if": {"type": "object"}, "then": {"properties": {"a": {"type": "string"}}}, "else": True},
            {"types": ["string", "object"], "properties": {"a": {"types": ["string"]}}},
        ),
        ({"$ref": "urn:yett:request#/$defs/Loop"}, {}),
        ({"$ref": "https://example.com/other"}, {}),
    ],
)
def test_a_shape_when_derived_then_names_the_types_a_value_may_have(schema: Any, expected: Any) -> None:
    assert shape(schema) == expected


@pytest.mark.parametrize("name", ["Tree", "Wide"])
def test_a_shape_when_its_schema_is_recursive_then_is_bounded(name: str) -> None:
    found = json.dumps(shape({"$ref": f"urn:yett:request#/$defs/{name}"}))
    assert 1 < found.count("object") < 20


def test_a_shape_when_its_schema_is_huge_then_is_bounded() -> None:
    wide: Any = {"type": "string"}
    for _ in range(7):
        wide = {"properties": {str(number): wide for number in range(10)}}
    assert len(json.dumps(shape(wide))) < 1_000_000

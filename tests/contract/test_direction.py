"""`readOnly` properties are refused in requests, `writeOnly` ones in responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.contracts import converted, schema_contract

if TYPE_CHECKING:
    from pathlib import Path

USER = {
    "required": ["id", "name", "password"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "name": {"type": "string"},
        "password": {"type": "string", "writeOnly": True},
    },
}


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
def test_a_hidden_property_when_converted_then_is_refused_and_not_required(tmp_path: Path, openapi: str) -> None:
    request = converted(tmp_path, USER, openapi=openapi)
    assert request == {
        "required": ["name", "password"],
        "properties": {"id": False, "name": {"type": "string"}, "password": {"type": "string"}},
    }
    response = converted(tmp_path, USER, openapi=openapi, response=True)
    assert response["required"] == ["id", "name"]
    assert response["properties"]["password"] is False


@pytest.mark.parametrize(
    "property_",
    [
        {"$ref": "#/components/schemas/Id"},
        {"allOf": [{"$ref": "#/components/schemas/Id"}]},
        {"allOf": [{"type": "integer"}], "readOnly": True},
    ],
)
def test_a_property_when_hidden_through_a_reference_then_is_refused(tmp_path: Path, property_: Any) -> None:
    schema = {"properties": {"id": property_}, "required": ["id"]}
    assert converted(tmp_path, schema, Id={"type": "integer", "readOnly": True}) == {"properties": {"id": False}}


def test_a_requirement_when_the_property_is_hidden_by_a_sibling_then_is_dropped(tmp_path: Path) -> None:
    schema = {
        "allOf": [
            {"$ref": "#/components/schemas/Base"},
            {"required": ["id", "title"], "properties": {"title": {"type": "string"}}},
        ]
    }
    base = {"properties": {"id": {"readOnly": True}}}
    found = converted(tmp_path, schema, Base=base)
    assert found["allOf"][1]["required"] == ["title"]


def test_a_requirement_when_it_is_about_another_value_then_stays(tmp_path: Path) -> None:
    schema = {"properties": {"id": {"readOnly": True}, "inner": {"required": ["id"]}}}
    assert converted(tmp_path, schema)["properties"]["inner"] == {"required": ["id"]}


def test_hidden_properties_when_schemas_are_recursive_then_are_still_found(tmp_path: Path) -> None:
    node = {"allOf": [{"$ref": "#/components/schemas/Base"}], "required": ["id"]}
    base = {"properties": {"id": {"readOnly": True}, "next": {"$ref": "#/components/schemas/Node"}}}
    contract = schema_contract(tmp_path, {"$ref": "#/components/schemas/Node"}, Node=node, Base=base)
    assert "required" not in contract.request_schemas["Node"]

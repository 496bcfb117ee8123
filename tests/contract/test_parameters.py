"""Parameter objects become the parameters of the snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.contracts import codes, document, load, operation_contract, parameter

if TYPE_CHECKING:
    from pathlib import Path


def read(folder: Path, *parameters: dict[str, Any], openapi: str = "3.1.1") -> list[dict[str, Any]]:
    contract = operation_contract(folder, {"parameters": list(parameters)}, openapi=openapi)
    assert contract.diagnostics == ()
    return list(contract.operations[0].parameters)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"style": "form", "explode": True}),
        ({"style": "form", "explode": False}, {"style": "form", "explode": False}),
        ({"style": "spaceDelimited"}, {"style": "spaceDelimited", "explode": False}),
        ({"style": "pipeDelimited", "explode": True}, {"style": "pipeDelimited", "explode": True}),
        ({"style": "deepObject"}, {"style": "deepObject", "explode": True}),
        ({"required": True, "allowEmptyValue": True}, {"required": True, "allow_empty": True}),
        ({"at": "header", "name": "X-Trace"}, {"in": "header", "name": "x-trace", "style": "simple"}),
        ({"at": "cookie"}, {"in": "cookie", "style": "form", "explode": True}),
        ({"at": "cookie", "style": "cookie"}, {"in": "cookie", "style": "cookie", "explode": True}),
    ],
)
def test_a_parameter_when_read_then_has_its_style(tmp_path: Path, fields: Any, expected: Any) -> None:
    (found,) = read(tmp_path, parameter(**fields))
    assert expected.items() <= found.items()
    assert (found["schema"], found["shape"]) == ({"type": "string"}, {"types": ["string"]})


@pytest.mark.parametrize("style", ["simple", "label", "matrix"])
def test_a_path_parameter_when_read_then_is_required(tmp_path: Path, style: str) -> None:
    item = {"get": {"parameters": [parameter(name="id", at="path", style=style)]}}
    (found,) = load(tmp_path, document({"/{id}": item})).operations
    assert {"required": True, "style": style, "explode": False}.items() <= found.parameters[0].items()


def test_headers_that_openapi_describes_elsewhere_when_listed_then_are_left_out(tmp_path: Path) -> None:
    names = ("Accept", "content-type", "Authorization", "X-Own")
    found = read(tmp_path, *(parameter(name=name, at="header") for name in names))
    assert [one["name"] for one in found] == ["x-own"]


def test_a_parameter_with_content_when_read_then_names_its_media_type(tmp_path: Path) -> None:
    content = {"application/json": {"schema": {"type": "object"}}}
    (found,) = read(tmp_path, {"name": "q", "in": "query", "content": content})
    assert {"media": "application/json", "schema": {"type": "object"}}.items() <= found.items()


def test_a_query_string_as_a_whole_when_read_then_carries_its_media_type(tmp_path: Path) -> None:
    content = {"application/x-www-form-urlencoded": {"schema": {"properties": {"a": {"type": "integer"}}}}}
    (found,) = read(tmp_path, {"name": "q", "in": "querystring", "content": content}, openapi="3.2.0")
    assert (found["in"], found["media"]) == ("querystring", "application/x-www-form-urlencoded")
    assert found["shape"]["properties"] == {"a": {"types": ["integer"]}}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"style": "simple"}, "invalid-style"),
        ({"style": "matrix"}, "invalid-style"),
        ({"at": "header", "style": "form"}, "invalid-style"),
        ({"style": "fancy"}, "unknown-style"),
        ({"style": 1}, "wrong-type"),
        ({"at": "body"}, "unknown-location"),
        ({"at": "formData"}, "unknown-location"),
        ({"at": None}, "wrong-type"),
        ({"name": ""}, "parameter-incomplete"),
        ({"at": "header", "name": "a b"}, "invalid-name"),
        ({"required": "yes"}, "wrong-type"),
        ({"content": {"application/json": {}}}, "parameter-content"),
    ],
)
def test_a_parameter_when_something_is_wrong_then_its_place_is_told(tmp_path: Path, fields: Any, code: str) -> None:
    assert code in codes(operation_contract(tmp_path, {"parameters": [parameter(**fields)]}))


def test_a_parameter_when_it_has_no_schema_then_a_warning_says_that_all_passes(tmp_path: Path) -> None:
    contract = operation_contract(tmp_path, {"parameters": [{"name": "q", "in": "query"}]})
    assert codes(contract) == ["parameter-without-schema"]
    assert contract.operations[0].parameters[0]["schema"] is True


def test_a_query_string_when_beside_query_parameters_then_is_refused(tmp_path: Path) -> None:
    whole = {"name": "all", "in": "querystring", "content": {"application/json": {}}}
    contract = operation_contract(tmp_path, {"parameters": [whole, parameter()]}, openapi="3.2.0")
    assert codes(contract) == ["querystring"]


def test_keys_of_the_upstream_when_sent_as_parameters_then_are_optional(tmp_path: Path) -> None:
    schemes = {
        "query": {"type": "apiKey", "in": "query", "name": "key"},
        "cookie": {"type": "apiKey", "in": "cookie", "name": "session"},
        "header": {"type": "apiKey", "in": "header", "name": "x-key"},
        "unused": {"type": "apiKey", "in": "query", "name": "other"},
    }
    security: list[dict[str, list[str]]] = [{"query": [], "cookie": []}, {"header": []}]
    paths: dict[str, Any] = {"/a": {"get": {}, "put": {"security": []}}}
    contract = load(tmp_path, document(paths, security=security, components={"securitySchemes": schemes}))
    first, second = contract.operations
    assert [(one["in"], one["name"], one.get("required")) for one in first.parameters] == [
        ("query", "key", None),
        ("cookie", "session", None),
    ]
    assert (second.parameters, first.public, second.public) == ((), False, True)

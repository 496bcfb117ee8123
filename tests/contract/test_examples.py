"""Example requests, from the contract's own examples or from its schemas."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.contracts import document, load, operation_contract, parameter
from yett.contract import ExampleRequest, example_request
from yett.contract.samples import Samples
from yett.contract.spelling import header_value, path_segment, query_pairs

if TYPE_CHECKING:
    from pathlib import Path


def example(folder: Path, operation: dict[str, Any], path: str = "/books") -> ExampleRequest:
    contract = load(folder, document({path: {"post": operation}}))
    assert contract.errors == ()
    return example_request(contract, contract.operations[0])


def test_an_example_when_parameters_are_required_then_carries_them_where_they_travel(tmp_path: Path) -> None:
    found = example(
        tmp_path,
        {
            "parameters": [
                parameter(name="id", at="path", example="a b"),
                parameter(name="q", required=True, examples={"one": {"value": "x&y"}}),
                parameter(
                    name="ids", required=True, schema={"type": "array", "items": {"type": "integer"}, "example": [1, 2]}
                ),
                parameter(name="optional", example="left out"),
                parameter(name="X-Trace", at="header", required=True, schema={"default": "t"}),
                parameter(name="c", at="cookie", required=True, schema={"enum": ["v"]}),
            ]
        },
        "/books/{id}",
    )
    assert found == ExampleRequest(
        "POST", "/books/a%20b", "q=x%26y&ids=1&ids=2", {"x-trace": "t", "cookie": "c=v"}, None
    )


@pytest.mark.parametrize("value", ["", ".", "..", "a/b", "a%2Fb", "a\\b"])
def test_a_path_example_when_a_careful_server_refuses_it_then_a_sample_stands_in(tmp_path: Path, value: str) -> None:
    operation = {"parameters": [parameter(name="id", at="path", example=value)]}
    assert example(tmp_path, operation, "/books/{id}").path == "/books/example"


def test_a_body_when_the_contract_gives_an_example_then_is_that_example(tmp_path: Path) -> None:
    content = {"application/json": {"schema": {"type": "object"}, "example": {"title": "é"}}}
    found = example(tmp_path, {"requestBody": {"content": content}})
    assert (found.headers, found.body) == ({"content-type": "application/json"}, '{"title": "é"}'.encode())


def test_a_body_when_only_its_schema_is_known_then_is_sampled(tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "required": ["id", "tags", "state"],
        "properties": {
            "id": {"type": "string", "pattern": "^AC[0-9a-f]{4}$"},
            "tags": {"type": "array", "items": {"type": "string", "format": "date"}, "minItems": 2},
            "state": {"oneOf": [{"type": "null"}, {"const": "open"}]},
            "optional": {"type": "string"},
        },
    }
    found = example(tmp_path, {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}})
    assert json.loads(found.body or b"") == {"id": "ACaaaa", "tags": ["2024-05-17", "2024-05-17"], "state": "open"}


def test_a_form_when_it_has_encodings_then_is_spelled_by_them(tmp_path: Path) -> None:
    schema = {"type": "object"}
    media = {
        "schema": schema,
        "example": {"a": [1, 2], "b": {"c": "d e"}},
        "encoding": {"a": {"explode": False}, "b": {"style": "deepObject"}},
    }
    found = example(tmp_path, {"requestBody": {"content": {"application/x-www-form-urlencoded": media}}})
    assert found.body == b"a=1%2C2&b%5Bc%5D=d%20e"


def test_a_multipart_body_when_written_then_has_a_part_for_each_field(tmp_path: Path) -> None:
    media = {"schema": {"type": "object"}, "example": {"a": "x", "b": {"c": 1}}}
    found = example(tmp_path, {"requestBody": {"content": {"multipart/form-data": media}}})
    assert found.headers["content-type"] == "multipart/form-data; boundary=yett-example"
    lines = (found.body or b"").decode().split("\r\n")
    assert lines.count("--yett-example") == 2
    assert lines[-2] == "--yett-example--"
    assert {'content-disposition: form-data; name="a"', "content-type: application/json", '{"c": 1}'} <= set(lines)


COLOR = {"R": 100, "G": 200}


@pytest.mark.parametrize(
    ("style", "explode", "value", "expected"),
    [
        ("simple", False, "blue", "blue"),
        ("simple", False, ["a", "b"], "a,b"),
        ("simple", False, COLOR, "R,100,G,200"),
        ("simple", True, COLOR, "R=100,G=200"),
        ("label", False, ["a", "b"], ".a,b"),
        ("label", True, ["a", "b"], ".a.b"),
        ("label", True, COLOR, ".R=100.G=200"),
        ("matrix", False, ["a", "b"], ";c=a,b"),
        ("matrix", True, ["a", "b"], ";c=a;c=b"),
        ("matrix", True, COLOR, ";R=100;G=200"),
    ],
)
def test_a_path_value_when_spelled_then_follows_the_table_of_openapi(
    style: str, explode: bool, value: Any, expected: str
) -> None:
    assert path_segment({"name": "c", "style": style, "explode": explode}, value) == expected


@pytest.mark.parametrize(
    ("style", "explode", "value", "expected"),
    [
        ("form", True, ["a", "b"], [("c", "a"), ("c", "b")]),
        ("form", False, ["a", "b"], [("c", "a,b")]),
        ("form", True, COLOR, [("R", "100"), ("G", "200")]),
        ("form", False, COLOR, [("c", "R,100,G,200")]),
        ("spaceDelimited", False, ["a", "b"], [("c", "a b")]),
        ("pipeDelimited", False, ["a", "b"], [("c", "a|b")]),
        ("deepObject", True, COLOR, [("c[R]", "100"), ("c[G]", "200")]),
        ("form", True, True, [("c", "true")]),
        ("form", True, None, [("c", "null")]),
    ],
)
def test_a_query_value_when_spelled_then_follows_the_table_of_openapi(
    style: str, explode: bool, value: Any, expected: Any
) -> None:
    assert query_pairs({"name": "c", "style": style, "explode": explode}, value) == expected


def test_a_header_value_when_spelled_then_is_joined_by_commas() -> None:
    assert header_value({"explode": True}, COLOR) == "R=100,G=200"


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (True, "example"),
        ({"type": "integer", "minimum": 5}, 5),
        ({"type": "integer", "exclusiveMinimum": 5}, 6),
        ({"type": "number", "maximum": -2}, -2),
        ({"type": "integer", "minimum": 7, "multipleOf": 5}, 10),
        ({"type": ["null", "boolean"]}, True),
        ({"type": "null"}, None),
        ({"type": "string", "maxLength": 3}, "exa"),
        ({"type": "string", "minLength": 9}, "examplexx"),
        ({"enum": [None, "b"]}, "b"),
        ({"allOf": [{"required": ["a"]}, {"properties": {"a": {"const": 1}}}]}, {"a": 1}),
        ({"$ref": "urn:yett:request#/$defs/Tree"}, {"left": None}),
        ({"prefixItems": [{"const": 1}], "items": False}, [1]),
    ],
)
def test_a_sample_when_made_then_fits_its_schema(schema: Any, expected: Any) -> None:
    tree = {
        "type": "object",
        "required": ["left"],
        "properties": {"left": {"type": ["null", "object"], "enum": [None]}},
    }
    assert Samples("urn:yett:request", {"Tree": tree}).sample(schema) == expected


def test_a_sample_when_its_schema_is_endless_then_ends() -> None:
    endless = {
        "type": "object",
        "required": ["next"],
        "properties": {"next": {"$ref": "urn:yett:request#/$defs/Endless"}},
    }
    found = Samples("urn:yett:request", {"Endless": endless}).sample(endless)
    assert json.dumps(found).count("next") < 20


def test_an_operation_without_parameters_when_sampled_then_is_its_bare_path(tmp_path: Path) -> None:
    contract = operation_contract(tmp_path, {})
    assert example_request(contract, contract.operations[0]) == ExampleRequest("POST", "/books", "", {}, None)

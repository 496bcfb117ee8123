"""Path items become operations; what cannot be routed is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.contract.contracts import codes, document, load, operation_contract, parameter


def test_an_operation_when_read_then_carries_what_the_contract_says(tmp_path: Path) -> None:
    operation = {
        "operationId": "getBook",
        "summary": "One book",
        "tags": ["books"],
        "deprecated": True,
        "security": [],
        "x-yett-cost": 3,
        "parameters": [parameter(name="id", at="path", required=True)],
        "responses": {"200": {"description": "ok"}},
    }
    contract = load(tmp_path, document({"/books/{id}": {"get": operation}}))
    assert contract.diagnostics == ()
    assert (contract.api, contract.title, contract.version, contract.openapi) == ("books", "Books", "1.2.3", "3.1.1")
    (found,) = contract.operations
    assert (found.operation_id, found.method, found.path) == ("getBook", "GET", "/books/{id}")
    assert (found.summary, found.tags, found.deprecated, found.public, found.cost) == (
        "One book",
        ("books",),
        True,
        True,
        3,
    )
    assert found.file.endswith("contract.yaml")
    assert '"get"' in Path(found.file).read_text().splitlines()[found.line - 1]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/books", "get-books"),
        ("/books/{id}", "get-books-by-id"),
        ("/", "get"),
        ("/a.json/{x-y}:run", "get-a.json-by-x-y-run"),
    ],
)
def test_an_operation_without_an_id_when_read_then_gets_one_from_its_path(
    tmp_path: Path, path: str, expected: str
) -> None:
    parameters = [parameter(name=name, at="path") for name in ("id", "x-y") if name in path]
    contract = load(tmp_path, document({path: {"get": {"parameters": parameters}}}))
    assert [one.operation_id for one in contract.operations] == [expected]


def test_derived_ids_when_they_collide_then_differ_whatever_the_order(tmp_path: Path) -> None:
    paths = {"/a/b": {"get": {}}, "/a-b": {"get": {}}, "/c": {"get": {"operationId": "get-d"}}, "/d": {"get": {}}}
    found = {one.path: one.operation_id for one in load(tmp_path, document(paths)).operations}
    again = {one.path: one.operation_id for one in load(tmp_path, document(dict(reversed(paths.items())))).operations}
    assert found == again
    assert len(set(found.values())) == 4
    assert found["/c"] == "get-d"


def test_path_items_when_they_are_references_then_are_followed_and_overridden(tmp_path: Path) -> None:
    shared = {"get": {"operationId": "shared"}, "put": {"operationId": "kept"}, "parameters": [parameter(name="a")]}
    paths = {"/a": {"$ref": "#/components/pathItems/A", "get": {"operationId": "own"}}}
    contract = load(tmp_path, document(paths, components={"pathItems": {"A": shared}}))
    assert contract.diagnostics == ()
    assert {one.operation_id: len(one.parameters) for one in contract.operations} == {"own": 1, "kept": 1}


def test_parameters_of_an_operation_when_they_repeat_the_path_items_then_replace_them(tmp_path: Path) -> None:
    item = {
        "parameters": [parameter(name="a", schema={"type": "string"}), parameter(name="b")],
        "get": {"operationId": "x", "parameters": [parameter(name="a", schema={"type": "integer"})]},
    }
    (found,) = load(tmp_path, document({"/a": item})).operations
    assert [(one["name"], one["schema"]["type"]) for one in found.parameters] == [("a", "integer"), ("b", "string")]


def test_methods_of_3_2_when_used_then_are_read_only_there(tmp_path: Path) -> None:
    item = {"query": {"operationId": "q"}, "additionalOperations": {"LINK": {"operationId": "l"}}}
    newer = load(tmp_path, document({"/a": item}, openapi="3.2.0"))
    assert [one.method for one in newer.operations] == ["QUERY", "LINK"]
    older = load(tmp_path, document({"/a": {"query": {"operationId": "q"}}}))
    assert (older.operations, codes(older)) == ((), ["unknown-field"])
    wrong = load(tmp_path, document({"/a": {"additionalOperations": {"GET": {}, "a b": {}}}}, openapi="3.2.0"))
    assert codes(wrong) == ["invalid-method", "invalid-method"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("books", "invalid-path"),
        ("/a?b=c", "invalid-path"),
        ("/a b", "invalid-path"),
        ("/{a", "invalid-path"),
        ("/a}", "invalid-path"),
        ("/{}", "invalid-path"),
        ("/{a}/{a}", "invalid-path"),
        ("/{{a}}", "invalid-path"),
        ("/{a}", "undeclared-path-parameter"),
    ],
)
def test_a_path_when_it_cannot_be_routed_then_is_told(tmp_path: Path, path: str, code: str) -> None:
    assert codes(load(tmp_path, document({path: {"get": {"operationId": "a"}}}))) == [code]


def test_paths_when_only_their_names_differ_then_clash_per_method(tmp_path: Path) -> None:
    def item(name: str, *methods: str) -> dict[str, Any]:
        return {"parameters": [parameter(name=name, at="path")], **{method: {} for method in methods}}

    paths = {"/a/{x}": item("x", "get", "put"), "/a/{y}": item("y", "get", "post")}
    contract = load(tmp_path, document(paths))
    assert codes(contract) == ["duplicate-path"]
    assert [(one.method, one.path) for one in contract.operations] == [
        ("GET", "/a/{x}"),
        ("PUT", "/a/{x}"),
        ("POST", "/a/{y}"),
    ]


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ({"operationId": "a b"}, "invalid-operation-id"),
        ({"operationId": 1}, "wrong-type"),
        ({"x-yett-cost": 0}, "wrong-type"),
        ({"x-yett-cost": "2"}, "wrong-type"),
        ({"x-yett-costs": 2}, "unknown-extension"),
        ({"x-yett-pattern": "ignored"}, "wrong-type"),
        ({"tags": [1]}, "wrong-type"),
        ({"parameters": [parameter(name="id", at="path")]}, "unused-path-parameter"),
        ({"parameters": [parameter(), parameter()]}, "duplicate-parameter"),
        ({"requestBody": []}, "wrong-type"),
        ({"responses": {"2xx0": {}}}, "invalid-status"),
    ],
)
def test_an_operation_when_something_is_wrong_then_its_place_is_told(
    tmp_path: Path, operation: dict[str, Any], code: str
) -> None:
    contract = operation_contract(tmp_path, operation)
    assert codes(contract) == [code]
    assert all(one.line > 0 and one.hint for one in contract.diagnostics)


def test_operation_ids_when_repeated_then_both_places_are_told(tmp_path: Path) -> None:
    contract = load(tmp_path, document({"/a": {"get": {"operationId": "x"}}, "/b": {"get": {"operationId": "x"}}}))
    assert codes(contract) == ["duplicate-operation-id"]
    assert "line 10" in contract.errors[0].message


def test_paths_when_they_differ_in_a_fragment_then_become_one_operation(tmp_path: Path) -> None:
    def update(field: str, **more: Any) -> dict[str, Any]:
        schema = {"type": "object", "required": [field]}
        return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}, **more}

    required = parameter(name="fields", required=True)
    paths = {
        "/files#share": {"put": update("link", operationId="share", parameters=[required])},
        "/files": {"put": update("name", operationId="update")},
    }
    contract = load(tmp_path, document(paths))
    assert codes(contract) == ["path-fragment"]
    (found,) = contract.operations
    assert (found.operation_id, found.path) == ("update", "/files")
    assert [one.get("required") for one in found.parameters] == [None]
    assert found.body == {
        "required": True,
        "media": [
            {
                "range": "application/json",
                "kind": "json",
                "schema": {"anyOf": [{"type": "object", "required": [name]} for name in ("name", "link")]},
            }
        ],
    }

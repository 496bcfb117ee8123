"""Loading: which documents are contracts, and that nothing but diagnostics comes out of a hostile one."""

from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.contracts import codes, document, load, parameter
from tests.contract.json_schema_suite import validator
from yett.contract import Contract, example_request, load_contract


@pytest.mark.parametrize("version", ["3.0.0", "3.0.4", "3.1.0", "3.1.2", "3.2.0", "3.1.0-rc1"])
def test_a_version_when_known_then_is_read(tmp_path: Path, version: str) -> None:
    contract = load(tmp_path, document({}, openapi=version))
    assert (contract.openapi, contract.diagnostics) == (version, ())


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("swagger: '2.0'\ninfo: {title: a, version: '1'}", "unsupported-version"),
        ("openapi: 3.3.0", "unsupported-version"),
        ("openapi: 4.0.0", "unsupported-version"),
        ("openapi: 3.1", "wrong-type"),
        ("openapi: '3.1'", "unsupported-version"),
        ("info: {}", "unsupported-version"),
        ("[]", "wrong-type"),
        ("", "wrong-type"),
        ("a: 1\na: 2", "duplicate-key"),
        ("openapi: [", "syntax"),
    ],
)
def test_a_document_when_it_is_no_contract_then_says_why(tmp_path: Path, content: str, code: str) -> None:
    contract = load(tmp_path, content)
    assert codes(contract) == [code]
    assert contract.operations == ()
    assert contract.errors[0].hint


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("openapi: 3.1.0\npaths: {}", ["info-incomplete", "info-incomplete"]),
        ("openapi: 3.1.0\ninfo: {title: a}\npaths: {}", ["info-incomplete"]),
        ("openapi: 3.1.0\ninfo: {title: a, version: 1.0}\npaths: {}", ["wrong-type"]),
        ("openapi: 3.0.0\ninfo: {title: a, version: '1'}", ["paths-missing"]),
        ("openapi: 3.1.0\ninfo: {title: a, version: '1'}\nwebhooks: {}", []),
    ],
)
def test_a_contract_when_incomplete_then_says_what_is_missing(
    tmp_path: Path, content: str, expected: list[str]
) -> None:
    assert codes(load(tmp_path, content)) == expected


def test_mistakes_when_there_are_several_then_come_together_in_order(tmp_path: Path) -> None:
    contract = load(
        tmp_path,
        "openapi: 3.1.0\n"
        "info: {title: a, version: 1.0}\n"
        "paths:\n"
        "  books: {}\n"
        "  /{id}:\n"
        "    get: {operationId: a}\n"
        "    put: {operationId: a, parameters: [{name: id, in: path, style: form}]}\n",
    )
    assert [(one.line, one.code) for one in contract.diagnostics] == [
        (2, "wrong-type"),
        (4, "invalid-path"),
        (6, "undeclared-path-parameter"),
        (7, "duplicate-operation-id"),
        (7, "parameter-without-schema"),
        (7, "invalid-style"),
    ]


def test_mistakes_when_there_are_thousands_then_are_bounded(tmp_path: Path) -> None:
    contract = load(tmp_path, document({f"no-{number}": {} for number in range(2_000)}))
    assert len(contract.errors) == 500


def test_an_alias_bomb_when_loaded_then_is_refused(tmp_path: Path) -> None:
    rows = "".join(f"x-{i}: &x{i} [{','.join([f'*x{i - 1}'] * 9)}]\n" for i in range(1, 12))
    assert codes(load(tmp_path, f"openapi: 3.1.0\nx-0: &x0 [a]\n{rows}")) == ["too-many-nodes"]


def test_schemas_when_shared_by_aliases_then_load(tmp_path: Path) -> None:
    text = (
        "openapi: 3.1.0\ninfo: {title: a, version: '1'}\n"
        "components: {schemas: {A: &a {type: object, properties: {b: &b {type: string}}}, B: *b, C: *a}}\n"
        "paths: {/a: {post: {requestBody: {content: {application/json: {schema: {anyOf: [*a, *b]}}}}}}}\n"
    )
    assert load(tmp_path, text).diagnostics == ()


BOOKS: dict[str, Any] = document(
    {
        "/books/{id}": {
            "parameters": [parameter(name="id", at="path", example="a")],
            "put": {
                "operationId": "putBook",
                "tags": ["a"],
                "security": [{"key": []}],
                "x-yett-cost": 2,
                "parameters": [parameter(), {"$ref": "#/components/parameters/Page"}],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {"$ref": "#/components/schemas/Book"},
                            "examples": {"a": {"value": 1}},
                        },
                        "multipart/form-data": {
                            "schema": {"properties": {"a": {"type": "string"}}},
                            "encoding": {"a": {"contentType": "text/plain", "style": "form"}},
                        },
                    },
                },
                "responses": {
                    "200": {
                        "headers": {"x-total": {"schema": {"type": "integer"}}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}},
                    }
                },
            },
        }
    },
    components={
        "parameters": {"Page": parameter(name="page", schema={"type": "integer", "default": 1})},
        "securitySchemes": {"key": {"type": "apiKey", "in": "query", "name": "k"}},
        "schemas": {
            "Book": {
                "$id": "urn:book",
                "type": "object",
                "required": ["title"],
                "properties": {
                    "title": {"type": "string", "pattern": "^a", "format": "byte"},
                    "next": {"$ref": "#"},
                    "state": {"enum": ["a"], "readOnly": True},
                },
                "patternProperties": {"^x": {"$anchor": "x"}},
                "dependentRequired": {"a": ["b"]},
                "prefixItems": [{"$dynamicRef": "#x"}],
            },
            "Pet": {
                "discriminator": {"propertyName": "kind", "mapping": {"c": "Cat"}},
                "oneOf": [{"$ref": "#/components/schemas/Cat"}],
            },
            "Cat": {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"minLength": 1, "minimum": 2.5}]},
        },
    },
)


def every_path(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, inner in entries for found in every_path(inner, (*path, key)))]


PATHS = [path for path in every_path(BOOKS) if path]

wrong_values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(
        [
            "#",
            "#/",
            "#/paths",
            "#/components/schemas/Pet",
            "#x",
            "urn:book",
            "a.yaml",
            "http://a",
            "deepObject",
            "header",
        ]
    )
    | st.lists(st.text(max_size=2) | st.integers(), max_size=2)
    | st.dictionaries(
        st.sampled_from(["$ref", "type", "properties", "allOf", "$id", "schema", "x", "discriminator", "required"]),
        st.text(max_size=3) | st.integers() | st.sampled_from(["#", "#/components/schemas/Cat"]),
        max_size=2,
    )
)


def replaced(path: tuple[Any, ...], value: Any, content: Any) -> Any:
    inner = content
    for key in path[:-1]:
        try:
            inner = inner[key]
        except (KeyError, IndexError, TypeError):
            return content
    if isinstance(inner, dict) or (isinstance(inner, list) and path[-1] in range(len(inner))):
        inner[path[-1]] = value
    return content


@given(
    st.lists(st.tuples(st.sampled_from(PATHS), wrong_values), min_size=1, max_size=3), st.sampled_from(["0", "1", "2"])
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_contract_when_any_part_is_replaced_then_gives_only_diagnostics(
    changes: list[tuple[tuple[Any, ...], Any]], minor: str
) -> None:
    content = copy.deepcopy(BOOKS) | {"openapi": f"3.{minor}.0"}
    for path, value in changes:
        content = replaced(path, value, content)
    with tempfile.TemporaryDirectory() as folder:
        contract = load(Path(folder), content)
    for operation in contract.operations:
        example_request(contract, operation)
    json.dumps([contract.request_schemas, contract.response_schemas], allow_nan=False)
    assert all(one.hint and one.message for one in contract.diagnostics)
    if not contract.errors:
        assert validator(contract, {"allOf": every_schema(contract)}) is not None


def every_schema(contract: Contract) -> list[Any]:
    shared = [f"urn:yett:request#/$defs/{name}" for name in contract.request_schemas]
    shared += [f"urn:yett:response#/$defs/{name}" for name in contract.response_schemas]
    own = [one["schema"] for operation in contract.operations for one in operation.parameters]
    return [
        *(
            {"$ref": quote(name.replace("~", "~0"), safe="#/$:")}
            for name in shared
            if "/" not in name.split("$defs/")[1]
        ),
        *own,
        True,
    ]


def test_the_contract_that_is_mutated_when_untouched_then_is_valid(tmp_path: Path) -> None:
    assert load(tmp_path, BOOKS).errors == ()


def test_a_contract_when_it_stands_in_json_then_reads_like_yaml(tmp_path: Path) -> None:
    path = tmp_path / "contract.json"
    path.write_text(json.dumps(BOOKS))
    assert load_contract(path, api="books").operations[0].operation_id == "putBook"

"""Request bodies and responses become those of the snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.contracts import codes, operation_contract
from yett.contract.media import media_kind, media_range

if TYPE_CHECKING:
    from pathlib import Path


def body(folder: Path, content: Any, **fields: Any) -> Any:
    contract = operation_contract(folder, {"requestBody": {"content": content, **fields}})
    assert contract.errors == ()
    return contract.operations[0].body


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("application/json", "json"),
        ("application/problem+json", "json"),
        ("application/x-www-form-urlencoded", "form"),
        ("multipart/form-data", "multipart"),
        ("multipart/mixed", "multipart"),
        ("text/plain", "text"),
        ("text/*", "text"),
        ("text/xml", "binary"),
        ("application/xml", "binary"),
        ("application/octet-stream", "binary"),
        ("*/*", "binary"),
    ],
)
def test_a_media_type_when_read_then_has_its_kind(name: str, kind: str) -> None:
    assert media_kind(name) == kind


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Application/JSON; charset=utf-8", "application/json"),
        ("*/*", "*/*"),
        ("image/*", "image/*"),
        ("*/json", None),
        ("json", None),
        ("a/b/c", None),
        ("", None),
    ],
)
def test_a_media_range_when_read_then_is_lower_case_and_bare(text: str, expected: str | None) -> None:
    assert media_range(text) == expected


def test_media_types_when_several_then_the_most_specific_comes_first(tmp_path: Path) -> None:
    found = body(tmp_path, {"*/*": {}, "text/*": {}, "text/plain": {}, "application/json": {}})
    assert [one["range"] for one in found["media"]] == ["text/plain", "application/json", "text/*", "*/*"]


def test_a_body_when_required_then_says_so(tmp_path: Path) -> None:
    assert body(tmp_path, {"application/json": {}}, required=True)["required"] is True
    assert "required" not in body(tmp_path, {"application/json": {}})


def test_a_form_when_read_then_has_a_shape_and_encodings(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}, "tags": {"type": "array", "items": {}}}}
    encoding = {
        "tags": {"style": "spaceDelimited", "explode": False},
        "photo": {"contentType": "image/PNG, image/jpeg"},
    }
    (found,) = body(tmp_path, {"multipart/form-data": {"schema": schema, "encoding": encoding}})["media"]
    assert found == {
        "range": "multipart/form-data",
        "kind": "multipart",
        "schema": schema,
        "shape": {
            "types": ["object"],
            "properties": {"n": {"types": ["integer"]}, "tags": {"types": ["array"], "items": {}}},
        },
        "encoding": {
            "tags": {"style": "spaceDelimited", "explode": False},
            "photo": {"content_types": ["image/png", "image/jpeg"]},
        },
    }


def test_a_text_body_when_its_schema_wants_text_then_is_checked(tmp_path: Path) -> None:
    (found,) = body(tmp_path, {"text/csv": {"schema": {"type": "string", "maxLength": 9}}})["media"]
    assert found["schema"] == {"type": "string", "maxLength": 9}


def test_a_body_when_it_is_not_looked_into_then_a_warning_says_so(tmp_path: Path) -> None:
    content = {"application/xml": {"schema": {"type": "object"}}, "image/png": {"schema": {"type": "string"}}}
    contract = operation_contract(tmp_path, {"requestBody": {"content": content}})
    assert codes(contract) == ["media-not-enforced"]
    assert contract.operations[0].body == {
        "media": [{"range": "application/xml", "kind": "binary"}, {"range": "image/png", "kind": "binary"}]
    }


def test_media_types_when_only_their_parameters_differ_then_accept_either(tmp_path: Path) -> None:
    content = {
        "application/json; v=1": {"schema": {"type": "string"}},
        "application/json; v=2": {"schema": {"type": "integer"}},
    }
    (found,) = body(tmp_path, content)["media"]
    assert found["schema"] == {"anyOf": [{"type": "string"}, {"type": "integer"}]}


def test_responses_when_read_then_carry_headers_and_media(tmp_path: Path) -> None:
    header = {"required": True, "schema": {"type": "integer"}}
    responses = {
        "200": {"headers": {"X-Total": header, "Content-Type": {}}, "content": {"application/json": {"schema": True}}},
        "4xx": {"description": "wrong"},
        "default": {"$ref": "#/components/responses/Broken"},
    }
    contract = operation_contract(
        tmp_path, {"responses": responses}, components={"responses": {"Broken": {"description": "broken"}}}
    )
    assert contract.diagnostics == ()
    assert contract.operations[0].responses == (
        {
            "status": "200",
            "headers": [
                {
                    "name": "x-total",
                    "in": "header",
                    "style": "simple",
                    "explode": False,
                    "required": True,
                    "shape": {"types": ["integer"]},
                    "schema": {"type": "integer"},
                }
            ],
            "media": [{"range": "application/json", "kind": "json", "schema": True}],
        },
        {"status": "4XX"},
        {"status": "default"},
    )


@pytest.mark.parametrize(
    ("request_body", "code"),
    [
        ({}, "body-without-content"),
        ({"content": {}}, "body-without-content"),
        ({"content": {"json": {}}}, "invalid-media-type"),
        ({"content": {"multipart/form-data": {"schema": {}, "encoding": {"a": {"style": "simple"}}}}}, "invalid-style"),
        (
            {"content": {"multipart/form-data": {"schema": {}, "encoding": {"a": {"contentType": "x"}}}}},
            "invalid-media-type",
        ),
        ({"content": {"application/json": {"itemSchema": {}}}}, "media-not-enforced"),
        ({"$ref": "#/components/requestBodies/Missing"}, "ref-unresolved"),
    ],
)
def test_a_body_when_something_is_wrong_then_its_place_is_told(tmp_path: Path, request_body: Any, code: str) -> None:
    assert code in codes(operation_contract(tmp_path, {"requestBody": request_body}))

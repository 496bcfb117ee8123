"""One pair of contracts, at least, for every kind of change."""

from __future__ import annotations

from typing import Any, Final

from tests.contract.diff.contracts import BASE, with_body, with_entry, with_operation, with_parameter

Document = dict[str, Any]

_TEXT: Final = {"type": "string"}
_ITEM: Final = {"type": "object", "properties": {"a": _TEXT}}
_CAT: Final = {"title": "Cat", "type": "object", "properties": {"claws": _TEXT}}
_DOG: Final = {"title": "Dog", "type": "object", "properties": {"bark": _TEXT}}

# (kind, the schema before, the schema after), each as request and as answer.
SCHEMAS: Final[list[tuple[str, Any, Any]]] = [
    ("type-narrowed", True, _TEXT),
    ("type-widened", _TEXT, {}),
    ("type-changed", _TEXT, {"type": "integer"}),
    ("type-narrowed", {"type": "number"}, {"type": "integer"}),
    ("type-widened", {"type": "integer"}, {"type": ["integer", "string"]}),
    ("became-nullable", _TEXT, {"type": ["string", "null"]}),
    ("became-not-nullable", {"oneOf": [_TEXT, {"type": "null"}]}, _TEXT),
    ("format-changed", {**_TEXT, "format": "date"}, {**_TEXT, "format": "uuid"}),
    ("format-narrowed", _TEXT, {**_TEXT, "format": "uuid"}),
    ("format-widened", {"type": "integer", "format": "int32"}, {"type": "integer", "format": "int64"}),
    ("enum-value-added", {"enum": ["a"]}, {"enum": ["a", "b"]}),
    ("enum-value-removed", {"enum": ["a", "b"]}, {"enum": ["a"]}),
    ("became-enum", _TEXT, {**_TEXT, "enum": ["a"]}),
    ("enum-lifted", {**_TEXT, "enum": ["a"]}, _TEXT),
    ("extensible-enum-value-added", {"x-extensible-enum": ["a"]}, {"x-extensible-enum": ["a", "b"]}),
    ("extensible-enum-value-removed", {"x-extensible-enum": ["a", "b"]}, {"x-extensible-enum": ["a"]}),
    ("const-added", _TEXT, {**_TEXT, "const": "a"}),
    ("const-changed", {"const": "a"}, {"const": "b"}),
    ("const-removed", {**_TEXT, "const": None}, _TEXT),
    ("bound-added", {"type": "integer"}, {"type": "integer", "maximum": 9}),
    ("bound-tightened", {"type": "integer", "minimum": 1}, {"type": "integer", "minimum": 2}),
    ("bound-tightened", {"maximum": 9, "exclusiveMaximum": True}, {"maximum": 8, "exclusiveMaximum": True}),
    ("bound-loosened", {"type": "integer", "multipleOf": 4}, {"type": "integer", "multipleOf": 2}),
    ("bound-removed", {**_TEXT, "maxLength": 9}, _TEXT),
    ("unique-required", {"type": "array"}, {"type": "array", "uniqueItems": True}),
    ("unique-lifted", {"type": "array", "uniqueItems": True}, {"type": "array"}),
    ("pattern-added", _TEXT, {**_TEXT, "pattern": "^a"}),
    ("pattern-changed", {**_TEXT, "pattern": "^a"}, {**_TEXT, "pattern": "^b"}),
    ("pattern-removed", {**_TEXT, "pattern": "^a"}, _TEXT),
    ("property-added", {"type": "object"}, _ITEM),
    ("required-property-added", {"type": "object"}, {**_ITEM, "required": ["a"]}),
    ("property-removed", _ITEM, {"type": "object"}),
    ("closed-property-removed", {**_ITEM, "additionalProperties": False},
     {"type": "object", "additionalProperties": False}),
    ("required-property-removed", {**_ITEM, "required": ["a"]}, {"type": "object"}),
    ("property-became-required", _ITEM, {**_ITEM, "required": ["a"]}),
    ("property-became-optional", {**_ITEM, "required": ["a"]}, _ITEM),
    ("became-read-only", _ITEM, {"type": "object", "properties": {"a": {**_TEXT, "readOnly": True}}}),
    ("became-writable", {"type": "object", "properties": {"a": {**_TEXT, "readOnly": True}}}, _ITEM),
    ("became-write-only", _ITEM, {"type": "object", "properties": {"a": {**_TEXT, "writeOnly": True}}}),
    ("became-readable", {"type": "object", "properties": {"a": {**_TEXT, "writeOnly": True}}}, _ITEM),
    ("property-deprecated", _ITEM, {"type": "object", "properties": {"a": {**_TEXT, "deprecated": True}}}),
    ("closed", _ITEM, {**_ITEM, "additionalProperties": False}),
    ("opened", {**_ITEM, "additionalProperties": False}, _ITEM),
    ("default-changed", _TEXT, {**_TEXT, "default": "a"}),
    ("part-added", {"allOf": [_CAT]}, {"allOf": [_CAT, _DOG]}),
    ("part-removed", {"allOf": [_CAT, _DOG]}, {"allOf": [_CAT]}),
    ("annotation-part-added", {"allOf": [_CAT]}, {"allOf": [_CAT, {"description": "soft"}]}),
    ("alternative-added", {"oneOf": [_CAT]}, {"oneOf": [_CAT, _DOG]}),
    ("alternative-removed", {"oneOf": [_CAT, _DOG]}, {"oneOf": [_CAT]}),
    ("choice-added", {"anyOf": [_CAT]}, {"anyOf": [_CAT, _DOG]}),
    ("choice-removed", {"anyOf": [_CAT, _DOG]}, {"anyOf": [_CAT]}),
    ("became-alternatives", _ITEM, {"oneOf": [_CAT, _DOG]}),
    ("became-plain", {"oneOf": [_CAT, _DOG]}, _ITEM),
    ("exclusion-added", _TEXT, {**_TEXT, "not": {"const": "a"}}),
    ("exclusion-removed", {**_TEXT, "not": {"const": "a"}}, _TEXT),
    ("condition-added", _ITEM, {**_ITEM, "dependentRequired": {"a": ["b"]}}),
    ("condition-added", {"type": "array"}, {"type": "array", "unevaluatedItems": False}),
    ("condition-removed", {**_ITEM, "propertyNames": {"maxLength": 3}}, _ITEM),
    ("condition-removed", {**_ITEM, "patternProperties": {"^x": _TEXT}}, _ITEM),
    ("condition-changed", {"not": {"const": "a"}}, {"not": {"const": "b"}}),
    ("condition-changed", {"dependentRequired": {"a": ["b"]}}, {"dependentRequired": {"a": ["c"]}}),
    ("position-added", {"prefixItems": [_TEXT]}, {"prefixItems": [_TEXT, _TEXT]}),
    ("position-removed", {"prefixItems": [_TEXT, _TEXT]}, {"prefixItems": [_TEXT]}),
    ("content-changed", {"contentEncoding": "base64"}, {"contentEncoding": "base32"}),
    ("discriminator-added", {"oneOf": [_CAT]}, {"oneOf": [_CAT], "discriminator": {"propertyName": "kind"}}),
    ("discriminator-removed", {"discriminator": {"propertyName": "kind"}}, {"title": "plain"}),
    ("discriminator-changed", {"discriminator": {"propertyName": "a"}}, {"discriminator": {"propertyName": "b"}}),
    ("discriminator-mapping-added", {"discriminator": {"propertyName": "a"}},
     {"discriminator": {"propertyName": "a", "mapping": {"cat": "Cat"}}}),
    ("discriminator-mapping-removed", {"discriminator": {"propertyName": "a", "mapping": {"cat": "Cat"}}},
     {"discriminator": {"propertyName": "a"}}),
    ("discriminator-mapping-changed", {"discriminator": {"mapping": {"cat": "Cat"}}},
     {"discriminator": {"mapping": {"cat": "Dog"}}}),
]  # fmt: skip

_READ_ONLY: Final = {"type": "object", "properties": {"id": {**_TEXT, "readOnly": True}}}
_HEADER: Final = {"schema": _TEXT, "required": True}


def _answer(headers: Any) -> Document:
    return with_operation(responses={"200": {"description": "ok", "headers": headers}})


def _form(media_type: str) -> Document:
    return with_operation(requestBody={"content": {media_type: {"schema": _TEXT}}})


def _path(path: str, name: str) -> Document:
    operation = {"parameters": [{"name": name, "in": "path", "required": True, "schema": _TEXT}], "responses": {}}
    return with_entry("paths", {path: {"get": operation}})


def _schemes(**schemes: Any) -> Document:
    return with_entry("components", {"securitySchemes": schemes})


_KEY: Final = {"type": "apiKey", "in": "header", "name": "x-key"}
_BODY: Final = BASE["paths"]["/books"]["post"]["requestBody"]

# (kind, the contract before, the contract after)
CONTRACTS: Final[list[tuple[str, Document, Document]]] = [
    ("operation-added", with_entry("paths", {}), BASE),
    ("operation-removed", BASE, with_entry("paths", {})),
    ("operation-removed-after-sunset", with_operation(deprecated=True, **{"x-sunset": "2020-01-01"}),
     with_entry("paths", {})),
    ("operation-removed-before-sunset", with_operation(deprecated=True, **{"x-sunset": "2999-01-01"}),
     with_entry("paths", {})),
    ("operation-deprecated", BASE, with_operation(deprecated=True)),
    ("operation-revived", with_operation(deprecated=True), BASE),
    ("sunset-added", BASE, with_operation(**{"x-sunset": "2999-01-01"})),
    ("sunset-removed", with_operation(deprecated=True, **{"x-sunset": "2999-01-01"}), with_operation(deprecated=True)),
    ("sunset-earlier", with_operation(**{"x-sunset": "2999-01-02"}), with_operation(**{"x-sunset": "2999-01-01"})),
    ("sunset-later", with_operation(**{"x-sunset": "2999-01-01"}), with_operation(**{"x-sunset": "2999-01-02"})),
    ("stability-lowered", BASE, with_operation(**{"x-stability-level": "beta"})),
    ("stability-raised", with_operation(**{"x-stability-level": "alpha"}), BASE),
    ("operation-renamed", BASE, with_operation(operationId="putBook")),
    ("documentation-changed", BASE, with_operation(summary="Add a book")),
    ("tag-added", BASE, with_operation(tags=["books"])),
    ("tag-removed", with_operation(tags=["books"]), BASE),
    ("webhook-added", BASE, with_entry("webhooks", {"sold": {"post": {}}})),
    ("webhook-removed", with_entry("webhooks", {"sold": {"post": {}}}), BASE),
    ("security-required", with_operation(security=[]), with_operation(security=[{"key": []}])),
    ("security-added", with_operation(security=[{"key": []}]), with_operation(security=[{"key": []}, {"oauth": []}])),
    ("security-removed", with_operation(security=[{"key": []}, {"oauth": []}]), with_operation(security=[{"key": []}])),
    ("security-scope-added", with_operation(security=[{"oauth": []}]), with_operation(security=[{"oauth": ["read"]}])),
    ("security-scope-removed", with_operation(security=[{"oauth": ["read"]}]),
     with_operation(security=[{"oauth": []}])),
    ("security-scheme-added", _schemes(), _schemes(key=_KEY)),
    ("security-scheme-removed", _schemes(key=_KEY), _schemes()),
    ("security-scheme-changed", _schemes(key=_KEY), _schemes(key={**_KEY, "in": "query"})),
    ("parameter-added-required", with_operation(parameters=[]), with_parameter(required=True)),
    ("parameter-added", with_operation(parameters=[]), with_parameter()),
    ("parameter-removed", with_parameter(), with_operation(parameters=[])),
    ("parameter-became-required", with_parameter(), with_parameter(required=True)),
    ("parameter-became-optional", with_parameter(required=True), with_parameter()),
    ("parameter-default-changed", with_parameter(), with_parameter(schema={**_TEXT, "default": "a"})),
    ("parameter-deprecated", with_parameter(), with_parameter(deprecated=True)),
    ("parameter-written-otherwise", with_parameter(), with_parameter(explode=False)),
    ("parameter-renamed", _path("/books/{id}", "id"), _path("/books/{book_id}", "book_id")),
    ("type-compatible", with_parameter(schema={"type": "integer"}), with_parameter()),
    ("type-widened", with_parameter(), with_parameter(schema={"type": "array", "items": _TEXT})),
    ("body-added-required", with_operation(requestBody=None), with_operation(requestBody={**_BODY, "required": True})),
    ("body-added", with_operation(requestBody=None), BASE),
    ("body-removed", BASE, with_operation(requestBody=None)),
    ("body-became-required", BASE, with_operation(requestBody={**_BODY, "required": True})),
    ("body-became-optional", with_operation(requestBody={**_BODY, "required": True}), BASE),
    ("media-type-added", _form("text/plain"), with_operation(requestBody={
        "content": {"text/plain": {"schema": _TEXT}, "text/csv": {}}})),
    ("schema-added", with_operation(requestBody={"content": {"text/csv": {}}}), _form("text/csv")),
    ("schema-removed", _form("text/csv"), with_operation(requestBody={"content": {"text/csv": {}}})),
    ("media-type-removed", _form("text/plain"), _form("text/csv")),
    ("response-added", with_operation(responses={}), _answer({})),
    ("response-removed", _answer({}), with_operation(responses={})),
    ("error-response-removed", with_operation(responses={"404": {"description": "no"}}), with_operation(responses={})),
    ("header-added", _answer({}), _answer({"etag": {"schema": _TEXT}})),
    ("header-removed", _answer({"etag": {"schema": _TEXT}}), _answer({})),
    ("required-header-removed", _answer({"etag": _HEADER}), _answer({})),
    ("header-became-optional", _answer({"etag": _HEADER}), _answer({"ETag": {"schema": _TEXT}})),
    ("header-became-required", _answer({"etag": {"schema": _TEXT}}), _answer({"ETag": _HEADER})),
    ("property-ruled-out", with_body(_READ_ONLY), with_body({"type": "object"})),
]  # fmt: skip

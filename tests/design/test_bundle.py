"""One document out of several files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from yett.contract import load_contract
from yett.design.bundle import bundle
from yett.documents import read_document, write_yaml
from yett.services.diff import compare

HEAD = {"openapi": "3.1.0", "info": {"title": "a", "version": "1.0.0"}}
KIND = {"propertyName": "kind"}
PARTS = """
components:
  parameters:
    Limit: {name: limit, in: query, schema: {$ref: "#/components/schemas/Count"}}
  schemas:
    Count: {type: integer, maximum: 9}
    Any: {properties: {one: {$ref: ../pet.yaml}}}
  responses:
    Pets:
      description: c
      content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Any"}}}}
"""
ITEMS = """
pets:
  parameters: [{$ref: "../shared/parts.yaml#/components/parameters/Limit"}]
  post:
    requestBody: {content: {application/json: {schema: {$ref: ../pet.yaml}}}}
    responses: {"200": {$ref: "../api.yaml#/paths/~1all/get/responses/200"}, "201": {description: b}}
"""
API = """
openapi: 3.1.0
info: {title: a, version: 1.0.0}
paths:
  /pets: {$ref: "paths/pets.yaml#/pets"}
  /all: {get: {responses: {"200": {$ref: "shared/parts.yaml#/components/responses/Pets"}}}}
  /own:
    put:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}
      responses: {"200": {description: a}}
components: {schemas: {Pet: {$ref: pet.yaml}, Name: {type: integer}}}
"""
PET = """
type: object
properties:
  name: {$ref: "shared/names.yaml#/definitions/Name"}
  friend: {$ref: "#"}
  $ref: {type: string}
example: {$ref: nowhere.yaml}
"""
FILES: dict[str, Any] = {
    "api.yaml": yaml.safe_load(API),
    "pet.yaml": yaml.safe_load(PET),
    "paths/pets.yaml": yaml.safe_load(ITEMS),
    "shared/names.yaml": {"definitions": {"Name": {"type": "string", "maxLength": 9}}},
    "shared/parts.yaml": yaml.safe_load(PARTS),
}


def lay_out(folder: Path, files: dict[str, Any]) -> Path:
    for name, value in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(write_yaml(value))
    return folder / "api.yaml"


def references(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [
            *([value["$ref"]] if "$ref" in value else []),
            *(one for part in value.values() for one in references(part)),
        ]
    return [one for part in value for one in references(part)] if isinstance(value, list) else []


def test_every_reference_is_kept_within_and_nothing_has_changed(tmp_path: Path) -> None:
    path = lay_out(tmp_path, FILES)
    document, found = bundle(path)
    assert document is not None
    assert [one.code for one in found] == ["bundle-renamed"]
    assert {one for one in references(document) if isinstance(one, str) and not one.startswith("#")} == {"nowhere.yaml"}
    made = tmp_path / "made.yaml"
    made.write_text(write_yaml(document))
    assert load_contract(made, api="a").diagnostics == load_contract(path, api="a").diagnostics == ()
    comparison = compare(path, made).comparison
    assert (comparison.diagnostics, comparison.changes) == ((), ())


def test_what_stands_elsewhere_is_named_as_it_was_there(tmp_path: Path) -> None:
    document, _ = bundle(lay_out(tmp_path, FILES))
    assert document is not None
    components = document["components"]
    assert components["schemas"]["Pet"]["properties"]["friend"] == {"$ref": "#/components/schemas/Pet"}
    assert components["schemas"]["Name"] == {"type": "integer"}
    assert components["schemas"]["Name_2"]["maxLength"] == 9
    assert components["schemas"]["Any"]["properties"] == {"one": {"$ref": "#/components/schemas/Pet"}}
    assert components["parameters"]["Limit"]["schema"] == {"$ref": "#/components/schemas/Count"}


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("../outside.yaml", "ref-outside"),
        ("https://example.com/a.yaml", "ref-remote"),
        ("missing.yaml", "ref-unresolved"),
        ("pet.yaml#/nowhere", "ref-unresolved"),
    ],
)
def test_a_reference_that_may_not_be_followed_is_told_with_its_line(tmp_path: Path, reference: str, code: str) -> None:
    files = {
        "api.yaml": {**HEAD, "paths": {}, "components": {"schemas": {"A": {"$ref": reference}}}},
        "pet.yaml": {"type": "object"},
    }
    document, found = bundle(lay_out(tmp_path, files))
    assert document is None
    assert [(one.code, one.line > 0) for one in found] == [(code, True)]


def test_what_a_discriminator_can_choose_by_a_new_name_is_told(tmp_path: Path) -> None:
    union = {"oneOf": [{"$ref": "pet.yaml"}], "discriminator": {"propertyName": "kind", "mapping": {"p": "pet.yaml"}}}
    files = {
        "api.yaml": {**HEAD, "paths": {}, "components": {"schemas": {"Any": union}}},
        "pet.yaml": {"type": "object"},
    }
    document, found = bundle(lay_out(tmp_path, files))
    assert document is not None
    assert document["components"]["schemas"]["Any"]["discriminator"]["mapping"] == {"p": "#/components/schemas/pet"}
    assert [one.code for one in found] == ["bundle-discriminator"]


def test_path_items_in_a_circle_end(tmp_path: Path) -> None:
    files = {"api.yaml": {**HEAD, "paths": {"/a": {"$ref": "b.yaml"}}}, "b.yaml": {"$ref": "b.yaml"}}
    document, found = bundle(lay_out(tmp_path, files))
    assert document is None
    assert [one.code for one in found] == ["ref-cycle"]


def test_subtypes_of_a_schema_come_with_it(tmp_path: Path) -> None:
    schemas = {
        "Pet": {"type": "object", "properties": {"kind": {"type": "string"}}, "discriminator": KIND},
        "Cat": {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"properties": {"lives": {"type": "integer"}}}]},
    }  # fmt: skip
    body = {"content": {"application/json": {"schema": {"$ref": "parts.yaml#/components/schemas/Pet"}}}}
    paths = {"/a": {"post": {"requestBody": body, "responses": {"200": {"description": "a"}}}}}
    path = lay_out(tmp_path, {"api.yaml": {**HEAD, "paths": paths}, "parts.yaml": {"components": {"schemas": schemas}}})
    document, _ = bundle(path)
    assert document is not None
    assert sorted(document["components"]["schemas"]) == ["Cat", "Pet"]
    (tmp_path / "made.json").write_text(json.dumps(document))
    assert compare(path, tmp_path / "made.json").comparison.changes == ()


def test_a_contract_in_one_file_stays_what_it_is(tmp_path: Path) -> None:
    path = Path(__file__).parents[2] / "examples" / "bookshop" / "bookshop.openapi.yaml"
    document, found = bundle(path)
    assert found == ()
    made = tmp_path / "made.yaml"
    made.write_text(write_yaml(document))
    assert yaml.safe_load(made.read_text()) == yaml.safe_load(path.read_text())


@pytest.mark.parametrize("name", ["asana.yaml", "box.json", "twilio_verify_v2.json"])
def test_real_contracts_stay_what_they_are(corpora: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.decompress((corpora / "specs" / f"{name}.gz").read_bytes()))
    document, found = bundle(path)
    assert found == ()
    assert document == read_document(path.read_bytes(), file=name).value

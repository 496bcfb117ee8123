"""Discriminators: the schema that a property names decides, and errors speak of it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.contracts import codes, schema_contract, schema_of
from tests.contract.json_schema_suite import validator

if TYPE_CHECKING:
    from pathlib import Path

    from yett.contract import Contract

SCHEMAS: dict[str, Any] = {
    "Cat": {"type": "object", "required": ["kind", "lives"], "properties": {"lives": {"type": "integer"}}},
    "Dog": {"type": "object", "required": ["kind"], "properties": {"barks": {"type": "boolean"}}},
}
REFERENCES = [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]


def pet(folder: Path, discriminator: Any, openapi: str = "3.0.3", **rest: Any) -> Contract:
    schema = {"discriminator": discriminator, **rest}
    return schema_contract(folder, schema, openapi=openapi, **SCHEMAS)


def accepts(contract: Contract, value: Any) -> bool:
    assert contract.errors == ()
    return bool(validator(contract, schema_of(contract)).is_valid(value))


@pytest.mark.parametrize("union", ["oneOf", "anyOf"])
def test_a_value_when_its_schema_is_named_then_only_that_one_counts(tmp_path: Path, union: str) -> None:
    members: dict[str, Any] = {union: REFERENCES}
    contract = pet(tmp_path, {"propertyName": "kind"}, **members)
    assert accepts(contract, {"kind": "Cat", "lives": 9})
    assert accepts(contract, {"kind": "Dog", "lives": "many"})
    assert not accepts(contract, {"kind": "Cat", "barks": True})
    assert not accepts(contract, {"kind": "Fish"})
    assert not accepts(contract, "Cat")


def test_errors_when_a_schema_is_named_then_point_at_the_property(tmp_path: Path) -> None:
    contract = pet(tmp_path, {"propertyName": "kind"}, oneOf=REFERENCES)
    check = validator(contract, schema_of(contract))
    assert [list(one.instance_path) for one in check.iter_errors({"kind": "Cat", "lives": "9"})] == [["lives"]]
    assert [list(one.instance_path) for one in check.iter_errors({"kind": "Fish"})] == [["kind"]]


def test_a_mapping_when_given_then_adds_names(tmp_path: Path) -> None:
    mapping = {"feline": "Cat", "canine": "#/components/schemas/Dog"}
    contract = pet(tmp_path, {"propertyName": "kind", "mapping": mapping}, oneOf=REFERENCES)
    assert accepts(contract, {"kind": "feline", "lives": 9})
    assert not accepts(contract, {"kind": "feline"})
    assert accepts(contract, {"kind": "canine"})
    assert accepts(contract, {"kind": "Dog"})


def test_a_value_when_the_property_is_missing_then_the_union_decides(tmp_path: Path) -> None:
    contract = schema_contract(
        tmp_path,
        {"discriminator": {"propertyName": "kind"}, "oneOf": REFERENCES},
        Cat={"type": "object", "required": ["lives"]},
        Dog={"type": "object", "required": ["barks"]},
    )
    assert accepts(contract, {"lives": 9})
    assert not accepts(contract, {"lives": 9, "barks": True})


def test_a_default_when_given_then_takes_what_names_nothing(tmp_path: Path) -> None:
    discriminator = {"propertyName": "kind", "defaultMapping": "Dog"}
    contract = pet(tmp_path, discriminator, openapi="3.2.0", oneOf=REFERENCES)
    assert accepts(contract, {"kind": "Wolf", "barks": True})
    assert not accepts(contract, {"kind": "Wolf", "barks": "loud"})
    assert not accepts(contract, {"kind": "Cat"})


def test_a_union_when_a_member_has_no_name_then_decides_alone(tmp_path: Path) -> None:
    contract = pet(tmp_path, {"propertyName": "kind"}, oneOf=[*REFERENCES, {"type": "string"}])
    assert accepts(contract, "anything")


def test_subtypes_when_they_build_on_a_schema_then_are_found_by_name(tmp_path: Path) -> None:
    base = {"$ref": "#/components/schemas/Pet"}
    contract = schema_contract(
        tmp_path,
        base,
        Pet={"type": "object", "required": ["kind"], "discriminator": {"propertyName": "kind"}},
        Cat={"allOf": [base, {"properties": {"lives": {"type": "integer"}}}]},
        Lion={"allOf": [{"$ref": "#/components/schemas/Cat"}, {"required": ["mane"]}]},
    )
    assert contract.diagnostics == ()
    assert set(contract.request_schemas) == {"Pet", "Pet~base", "Cat", "Lion"}
    assert accepts(contract, {"kind": "Pet"})
    assert accepts(contract, {"kind": "Cat", "lives": 9})
    assert not accepts(contract, {"kind": "Cat", "lives": "9"})
    assert not accepts(contract, {"kind": "Lion", "lives": 9})
    assert not accepts(contract, {"kind": "Stone"})


@pytest.mark.parametrize(
    ("discriminator", "code"),
    [
        ({}, "discriminator"),
        ("kind", "wrong-type"),
        ({"propertyName": 3}, "wrong-type"),
        ({"propertyName": "kind", "mapping": {"a": "missing.yaml"}}, "ref-unresolved"),
        ({"propertyName": "kind", "mapping": {"a": 1}}, "wrong-type"),
    ],
)
def test_a_discriminator_when_wrong_then_its_place_is_told(tmp_path: Path, discriminator: Any, code: str) -> None:
    assert code in codes(pet(tmp_path, discriminator, oneOf=REFERENCES))

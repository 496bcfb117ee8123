"""Chains and circles of references end in a diagnostic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.contracts import codes, document, load, schema_contract

if TYPE_CHECKING:
    from pathlib import Path


def test_a_circle_of_parameters_when_followed_then_is_refused(tmp_path: Path) -> None:
    parameters = {"A": {"$ref": "#/components/parameters/B"}, "B": {"$ref": "#/components/parameters/A"}}
    paths = {"/a": {"get": {"operationId": "a", "parameters": [{"$ref": "#/components/parameters/A"}]}}}
    assert codes(load(tmp_path, document(paths, components={"parameters": parameters}))) == ["ref-cycle"]


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
def test_schemas_when_they_refer_to_themselves_in_place_then_are_refused(tmp_path: Path, openapi: str) -> None:
    a, b = {"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}
    for schemas in ({"A": a}, {"A": b, "B": a}, {"A": {"allOf": [b]}, "B": {"anyOf": [{"not": a}]}}):
        contract = schema_contract(tmp_path, a, openapi=openapi, **schemas)
        assert set(codes(contract)) == {"schema-loop"}


def test_a_schema_with_an_id_when_it_refers_to_itself_in_place_then_is_refused(tmp_path: Path) -> None:
    looping = {"$id": "urn:a", "allOf": [{"$ref": "#"}]}
    contract = schema_contract(tmp_path, {"$ref": "#/components/schemas/A"}, openapi="3.1.0", A=looping)
    assert codes(contract) == ["schema-loop"]


def test_schemas_when_they_refer_to_themselves_for_a_part_then_are_accepted(tmp_path: Path) -> None:
    a = {"$ref": "#/components/schemas/A"}
    assert codes(schema_contract(tmp_path, a, A={"properties": {"next": a}, "items": a})) == []


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
def test_a_chain_of_references_when_endless_then_is_refused_without_exhausting_a_stack(
    tmp_path: Path, openapi: str
) -> None:
    schemas: dict[str, Any] = {f"S{i}": {"allOf": [{"$ref": f"#/components/schemas/S{i + 1}"}]} for i in range(20_000)}
    contract = schema_contract(
        tmp_path, {"$ref": "#/components/schemas/S0"}, openapi=openapi, **schemas, S20000={"type": "string"}
    )
    assert set(codes(contract)) == {"schema-chain"}


def test_a_lattice_of_references_when_it_takes_exponential_time_then_is_refused(tmp_path: Path) -> None:
    schemas: dict[str, Any] = {f"S{i}": {"allOf": [{"$ref": f"#/components/schemas/S{i + 1}"}] * 2} for i in range(40)}
    contract = schema_contract(tmp_path, {"$ref": "#/components/schemas/S0"}, **schemas, S40={"type": "string"})
    assert set(codes(contract)) == {"schema-weight"}

"""Contracts for tests, written to a folder and loaded from there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from yett.contract import Contract, PatternPolicy, load_contract

if TYPE_CHECKING:
    from pathlib import Path


def document(paths: dict[str, Any], *, openapi: str = "3.1.1", **rest: Any) -> dict[str, Any]:
    """Return a contract with these paths; `rest` are further fields of its root."""
    return {"openapi": openapi, "info": {"title": "Books", "version": "1.2.3"}, "paths": paths, **rest}


def load(folder: Path, content: Any, *, patterns: PatternPolicy = "refuse") -> Contract:
    """Load a contract given as text or as a value."""
    path = folder / "contract.yaml"
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1))
    return load_contract(path, api="books", patterns=patterns)


def codes(contract: Contract) -> list[str]:
    """Return the codes of all diagnostics, in their order."""
    return [one.code for one in contract.diagnostics]


def operation_contract(folder: Path, operation: dict[str, Any], *, openapi: str = "3.1.1", **rest: Any) -> Contract:
    """Load a contract with the one operation `POST /books`."""
    return load(folder, document({"/books": {"post": {"operationId": "add", **operation}}}, openapi=openapi, **rest))


def converted(folder: Path, schema: Any, *, openapi: str = "3.0.3", response: bool = False, **schemas: Any) -> Any:
    """Return what becomes of a schema in a body, which must be without any diagnostic; `schemas` are components."""
    contract = schema_contract(folder, schema, openapi=openapi, response=response, **schemas)
    assert contract.diagnostics == ()
    return schema_of(contract, response=response)


def schema_contract(
    folder: Path, schema: Any, *, openapi: str = "3.0.3", response: bool = False, **schemas: Any
) -> Contract:
    """Load a contract whose one operation has a JSON body or response with this schema."""
    content = {"content": {"application/json": {"schema": schema}}}
    operation = {"responses": {"200": content}} if response else {"requestBody": content}
    return operation_contract(folder, operation, openapi=openapi, components={"schemas": schemas})


def schema_of(contract: Contract, *, response: bool = False) -> Any:
    """Return the converted schema of a contract that `schema_contract` made."""
    operation = contract.operations[0]
    if response:
        return operation.responses[0]["media"][0]["schema"]
    assert operation.body is not None
    return operation.body["media"][0]["schema"]


def parameter(**fields: Any) -> dict[str, Any]:
    """Return a parameter object: `at` is its location."""
    fields["in"] = fields.pop("at", "query")
    return {"name": "q", "schema": {"type": "string"}, **fields}

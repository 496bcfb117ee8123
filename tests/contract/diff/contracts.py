"""Small contracts for the tests of this room."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from yett.contract.diff import Comparison, compare_contracts

BASE: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1.0.0"},
    "paths": {
        "/books": {
            "post": {
                "operationId": "addBook",
                "parameters": [{"name": "draft", "in": "query", "schema": {"type": "string"}}],
                "requestBody": {"content": {"application/json": {"schema": {}}}},
                "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": {}}}}},
            }
        }
    },
}


def compare(folder: Path, old: dict[str, Any], new: dict[str, Any], **options: Any) -> Comparison:
    """What has changed between two documents."""
    paths = folder / "old.json", folder / "new.json"
    for path, document in zip(paths, (old, new), strict=True):
        path.write_text(json.dumps(document), encoding="utf-8")
    return compare_contracts(*paths, **options)


def with_body(schema: Any) -> dict[str, Any]:
    """The contract whose request and answer have this schema."""
    document = copy.deepcopy(BASE)
    operation = document["paths"]["/books"]["post"]
    operation["requestBody"]["content"]["application/json"]["schema"] = schema
    operation["responses"]["200"]["content"]["application/json"]["schema"] = schema
    return document


def with_operation(**entries: Any) -> dict[str, Any]:
    """The contract whose operation has these entries; `None` takes one out."""
    document = copy.deepcopy(BASE)
    operation = document["paths"]["/books"]["post"]
    operation.update(entries)
    for key in [key for key, value in entries.items() if value is None]:
        del operation[key]
    return document


def with_parameter(**entries: Any) -> dict[str, Any]:
    """The contract whose parameter has these entries."""
    parameter = {"name": "draft", "in": "query", "schema": {"type": "string"}, **entries}
    return with_operation(parameters=[parameter])


def with_entry(key: str, value: Any) -> dict[str, Any]:
    """The contract with an entry at its top."""
    return {**copy.deepcopy(BASE), key: value}

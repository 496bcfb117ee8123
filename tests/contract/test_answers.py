"""Answers made from a contract: examples first, values that fit the schemas else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from yett.contract import load_contract

BOOK = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer", "minimum": 5}}}


def answers(folder: Path, responses: dict[str, Any], version: str = "3.1.0") -> list[dict[str, Any]]:
    document = {
        "openapi": version,
        "info": {"title": "Shop", "version": "1.0.0"},
        "paths": {"/books": {"get": {"operationId": "list", "responses": responses}}},
    }
    path = folder / "api.json"
    path.write_text(json.dumps(document))
    contract = load_contract(path, api="shop")
    assert contract.errors == ()
    return contract.answers("list")


def test_the_contracts_example_is_the_answer(tmp_path: Path) -> None:
    content = {"application/json": {"schema": BOOK, "examples": {"one": {"value": {"id": 7}}}}}
    assert answers(tmp_path, {"200": {"description": "ok", "content": content}}) == [
        {"status": 200, "content_type": "application/json", "body": '{"id": 7}'}
    ]


def test_without_an_example_the_answer_fits_the_schema(tmp_path: Path) -> None:
    content = {"application/json": {"schema": {"type": "array", "items": BOOK, "minItems": 1}}}
    (answer,) = answers(tmp_path, {"200": {"description": "ok", "content": content}})
    assert json.loads(answer["body"])[0]["id"] >= 5


def test_successes_come_first_and_ranges_are_their_first_status(tmp_path: Path) -> None:
    responses = {code: {"description": "d"} for code in ("default", "4XX", "404", "201", "101")}
    assert [answer["status"] for answer in answers(tmp_path, responses)] == [201, 400, 404, 500]


@pytest.mark.parametrize("status", ["204", "304"])
def test_a_status_without_content_has_none(tmp_path: Path, status: str) -> None:
    content = {"application/json": {"schema": BOOK}}
    assert answers(tmp_path, {status: {"description": "d", "content": content}}) == [{"status": int(status)}]


def test_each_form_that_can_be_made_up_is_an_answer(tmp_path: Path) -> None:
    content = {"application/json": {"schema": BOOK}, "text/plain": {}, "image/png": {}}
    found = answers(tmp_path, {"200": {"description": "ok", "content": content}})
    assert sorted(answer["content_type"] for answer in found) == ["application/json", "text/plain"]


def test_an_operation_that_is_not_there_has_no_answers(tmp_path: Path) -> None:
    answers(tmp_path, {"200": {"description": "ok"}})
    assert load_contract(tmp_path / "api.json", api="shop").answers("nothing") == []

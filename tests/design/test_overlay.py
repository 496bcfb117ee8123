"""Changes laid over a contract."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.design import overlay
from yett.design.overlay import apply_overlay
from yett.documents import read_document, write_json

BOOKS = {
    "openapi": "3.1.0",
    "info": {"title": "Books", "version": "1.0.0"},
    "tags": [{"name": "a"}, {"name": "b"}, {"name": "c"}],
    "paths": {"/books": {"get": {"x-internal": True, "tags": ["a"]}, "post": {"tags": ["b"]}}, "/old": {"get": {}}},
}
HEAD = {"overlay": "1.0.0", "info": {"title": "o", "version": "1.0.0"}}


def laid_over(*actions: Any, strict: bool = False, value: Any = BOOKS) -> tuple[Any, list[str]]:
    document = read_document(write_json({**HEAD, "actions": actions}).encode(), file="o.json")
    made, found = apply_overlay(value, document, strict=strict)
    return made, [f"{one.severity} {one.code}" for one in found]


def test_objects_are_merged_lists_grow_and_the_rest_is_replaced() -> None:
    update = {"title": "New", "x-a": {"b": 1}}
    made, found = laid_over(
        {"target": "$.info", "update": update},
        {"target": "$.paths['/books'].get", "update": {"tags": ["z"], "x-internal": False}},
        {"target": "$.tags", "update": {"name": "d"}},
        {"target": "$.tags", "update": [{"name": "e"}]},
    )
    assert found == []
    assert made["info"] == {"title": "New", "version": "1.0.0", "x-a": {"b": 1}}
    assert made["paths"]["/books"]["get"] == {"x-internal": False, "tags": ["a", "z"]}
    assert [one["name"] for one in made["tags"]] == ["a", "b", "c", "d", "e"]


def test_the_contract_itself_stays_as_it_is() -> None:
    before = write_json(BOOKS)
    laid_over({"target": "$.info", "update": {"title": "New"}}, {"target": "$.paths.*", "remove": True})
    assert write_json(BOOKS) == before


def test_everything_that_matches_goes() -> None:
    made, _ = laid_over(
        {"target": "$.tags[?(@.name == 'a' || @.name == 'c')]", "remove": True},
        {"target": "$.paths[*][?(@['x-internal'] == true)]", "remove": True},
        {"target": "$.paths['/old']", "remove": True, "update": {"ignored": True}},
    )
    assert made["tags"] == [{"name": "b"}]
    assert made["paths"] == {"/books": {"post": {"tags": ["b"]}}}


def test_actions_are_done_in_order() -> None:
    made, found = laid_over(
        {"target": "$.paths", "update": {"/new": {"get": {}}}},
        {"target": "$.paths['/new'].get", "update": {"summary": "New"}},
        {"target": "$.paths['/new']", "remove": True},
        {"target": "$.paths['/new']", "update": {"post": {}}},
    )
    assert "/new" not in made["paths"]
    assert found == ["warning overlay-no-match"]


def test_one_part_in_two_places_is_changed_in_one() -> None:
    text = b"info: {title: a}\npaths: {/a: &a {get: {}}, /b: *a}\n"
    shared = read_document(text, file="a.yaml").value
    made, _ = laid_over({"target": "$.paths['/a'].get", "update": {"summary": "s"}}, value=shared)
    assert made["paths"] == {"/a": {"get": {"summary": "s"}}, "/b": {"get": {}}}


def test_under_strict_a_target_that_matches_nothing_is_an_error() -> None:
    assert laid_over({"target": "$.nothing", "remove": True}, strict=True)[1] == ["error overlay-no-match"]


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ({"update": {}}, "overlay-target"),
        ({"target": 1, "update": {}}, "overlay-target"),
        ({"target": "info", "update": {}}, "overlay-target"),
        ({"target": "$[", "update": {}}, "overlay-target"),
        ({"target": "$.info~", "update": {}}, "overlay-target"),
        ({"target": "$.info"}, "overlay-invalid"),
        ({"target": "$.info", "remove": "yes"}, "overlay-invalid"),
        ({"target": "$.info", "updat": {}, "remove": True}, "unknown-key"),
        ({"target": "$", "remove": True}, "overlay-remove"),
        ({"target": "$.info", "update": "text"}, "overlay-update"),
        ({"target": "$.info.title", "update": "text"}, "overlay-update"),
        ([], "overlay-invalid"),
    ],
)
def test_a_mistake_is_told_where_it_stands(action: Any, code: str) -> None:
    document = read_document(write_json({**HEAD, "actions": [action]}).encode(), file="o.json")
    found = apply_overlay(BOOKS, document)[1]
    assert code in [one.code for one in found]
    assert all(one.line > 1 and one.pointer.startswith("/actions/0") for one in found)


@pytest.mark.parametrize(
    "overlay",
    [[], {}, {"overlay": "2.0.0"}, {**HEAD}, {**HEAD, "actions": []}, {**HEAD, "actions": {}}, {**HEAD, "extends": 1}],
)
def test_what_is_no_overlay_is_refused(overlay: Any) -> None:
    document = read_document(write_json(overlay).encode(), file="o.json")
    made, found = apply_overlay(BOOKS, document)
    assert made is BOOKS
    assert any(one.severity == "error" for one in found)


def test_the_overlay_of_the_page_is_understood() -> None:
    page = (Path(__file__).parents[2] / "docs" / "designing.md").read_text()
    examples = re.findall(r"^```yaml\n# an overlay\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert examples
    for text in examples:
        made, found = apply_overlay(BOOKS, read_document(text.encode(), file="o.yaml"))
        assert found == ()
        assert made["info"]["title"] == "Bookshop for partners"
        assert "get" not in made["paths"]["/books"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=5),
        lambda one: (
            st.lists(one, max_size=3)
            | st.dictionaries(st.sampled_from(["target", "update", "remove", "info"]), one, max_size=3)
        ),
    )
)
def test_any_actions_are_done_or_told(actions: Any) -> None:
    document = read_document(write_json({**HEAD, "actions": actions}).encode(), file="o.json")
    apply_overlay(BOOKS, document)


def test_actions_that_multiply_what_they_match_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlay, "MOST_ADDED", 5_000)
    actions = [{"target": "$..*", "update": {f"a{number}": {"b": {}, "c": {}}}} for number in range(40)]
    assert "error overlay-too-large" in laid_over(*actions, value={"a": {"b": {}}})[1]


def test_what_stands_too_deep_after_all_is_refused() -> None:
    deep: Any = {}
    for _ in range(190):
        deep = {"a": deep}
    actions = [{"target": "$" + ".a" * 190 * number, "update": deep} for number in range(4)]
    assert "error overlay-too-deep" in laid_over(*actions, value={})[1]

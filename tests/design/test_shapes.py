"""Schemas of values that were seen."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.design.shapes import looks_like_an_id, schema_of_texts, schema_of_values
from yett.governance.functions.schemas import problems_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=4), one, max_size=3),
    max_leaves=10,
)


@given(st.lists(VALUES, max_size=4))
def test_every_value_that_was_seen_fits(values: list[Any]) -> None:
    schema = schema_of_values(values)
    assert not [one for value in values for one in problems_of(value, schema, "draft2020-12", every=False)]


@pytest.mark.parametrize(
    ("values", "schema"),
    [
        ([1, 2.5], {"type": "number"}),
        ([1, None], {"type": ["integer", "null"]}),
        ([None], {"type": "null"}),
        ([True, "a"], {"anyOf": [{"type": "boolean"}, {"type": "string"}]}),
        ([[1], []], {"type": "array", "items": {"type": "integer"}}),
        (["2026-02-28"], {"type": "string", "format": "date"}),
        (["2026-02-30"], {"type": "string"}),
        (["2026-02-28T10:00:00Z", "2026-02-28T10:00:00.5+01:00"], {"type": "string", "format": "date-time"}),
        (["open", "open", "closed"], {"type": "string"}),
        ([{"1": "a", "2": "b"}], {"type": "object", "additionalProperties": {"type": "string"}}),
        ([{}], {"type": "object"}),
    ],
)
def test_a_schema_is_as_narrow_as_types_and_not_as_values(values: list[Any], schema: dict[str, Any]) -> None:
    assert schema_of_values(values) == schema


def test_a_property_is_required_that_all_have() -> None:
    found = schema_of_values([{"a": 1, "b": 2}, {"a": 3, "c": None}])
    assert found["required"] == ["a"]
    assert list(found["properties"]) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("texts", "kind"), [(["1", "-2"], "integer"), (["1", "2.5"], "number"), (["007"], "string"), (["true"], "boolean")]
)
def test_texts_that_are_all_numbers_are_numbers(texts: list[str], kind: str) -> None:
    assert schema_of_texts(texts) == {"type": kind}


@pytest.mark.parametrize(
    "segment", ["7", "3f2b8a52-5e0a-4c1e-9f63-7d2f4b8e1a90", "ord_8f3k", "01HQ3K4T5V6W7X8Y9Z0A1B2C3D", "a%20b", "a@b"]
)
def test_ids_are_told_from_names(segment: str) -> None:
    assert looks_like_an_id(segment)


@pytest.mark.parametrize("segment", ["books", "v1", "v2.1", "order-items", "search", "oauth2", "line_items"])
def test_names_are_told_from_ids(segment: str) -> None:
    assert not looks_like_an_id(segment)

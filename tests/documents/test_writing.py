"""What is written is read as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.documents import read_document, write_json, write_yaml

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_yaml_is_read_as_it_was(value: Any) -> None:
    assert read_document(write_yaml({"a": value}).encode(), file="a.yaml").value == {"a": value}


@given(VALUES)
def test_json_is_read_as_it_was(value: Any) -> None:
    assert read_document(write_json({"a": value}).encode(), file="a.json").value == {"a": value}


@pytest.mark.parametrize("text", ["200", "1e3", "0o17", "yes", "null", "~", "1_000", ".inf", "2024-05-17", "1:30", ""])
def test_texts_that_look_like_something_else_stay_texts(text: str) -> None:
    assert read_document(write_yaml({text: text}).encode(), file="a.yaml").value == {text: text}


def test_a_part_that_is_used_twice_is_written_twice() -> None:
    part = {"b": 1}
    assert write_yaml({"x": part, "y": part}) == "x:\n  b: 1\ny:\n  b: 1\n"


def test_texts_of_several_lines_stay_readable() -> None:
    assert write_yaml({"description": "One.\nTwo.\n"}) == "description: |\n  One.\n  Two.\n"

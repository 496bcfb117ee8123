"""JSON pointers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.documents import join_pointer, split_pointer


@given(st.lists(st.text()))
def test_a_pointer_when_joined_then_splits_into_the_same_parts(parts: list[str]) -> None:
    assert split_pointer(join_pointer(parts)) == parts


def test_a_pointer_when_it_does_not_start_with_a_slash_then_is_refused() -> None:
    with pytest.raises(ValueError, match="not a JSON pointer"):
        split_pointer("a/b")

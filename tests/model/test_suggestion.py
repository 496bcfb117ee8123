"""Did-you-mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.model.suggestion import did_you_mean

MANY = [f"name-{number}" for number in range(20)]


@pytest.mark.parametrize(
    ("name", "choices", "hint"),
    [
        ("wrkers", ["workers", "listen"], "did you mean `workers`?"),
        ("GETBOOK", ["getBook", *MANY], "did you mean `getBook`?"),
        ("max_body", ["max-body", *MANY], "did you mean `max-body`?"),
        ("zzz", ["a", "b"], "known: `a`, `b`"),
        ("zzz", MANY, ""),
        ("zzz", [], ""),
    ],
)
def test_the_nearest_name_is_suggested_or_all_where_few(name: str, choices: list[str], hint: str) -> None:
    assert did_you_mean(name, choices) == hint


@given(st.text(max_size=20), st.lists(st.text(max_size=20), max_size=20))
def test_what_is_suggested_exists(name: str, choices: list[str]) -> None:
    hint = did_you_mean(name, choices)
    assert not hint.startswith("did you mean") or any(f"`{choice}`?" in hint for choice in choices)

"""Forms: each parameter once, in one spelling, or refused."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.tokens.faults import Fault
from yett.tokens.forms import MAX_BODY_BYTES, read_form

TYPE = "application/x-www-form-urlencoded"
PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20)


@given(st.dictionaries(PLAIN, PLAIN, max_size=20))
def test_what_a_foreign_library_writes_is_read_as_it_was(values: dict[str, str]) -> None:
    form = read_form(urlencode(values).encode(), f"{TYPE};charset=UTF-8")
    assert {name: form.get(name) for name in values} == values


@given(st.binary(max_size=200))
def test_any_bytes_are_a_form_or_a_fault(body: bytes) -> None:
    with suppress(Fault):
        read_form(body, TYPE)


def test_a_parameter_without_a_value_is_left_out() -> None:
    form = read_form(b"scope=&grant_type=x&flag", TYPE)
    assert (form.get("scope"), form.get("flag"), form.get("grant_type")) == (None, None, "x")


@pytest.mark.parametrize(
    "body",
    [b"scope=a&scope=b", b"scope=a&sc%6fpe=b", b"a=%ff", b"a=%00", b"a=%0d%0ab", b"&".join([b"a=b"] * 65)],
    ids=str,
)
def test_a_form_that_could_be_read_in_two_ways_is_refused(body: bytes) -> None:
    with pytest.raises(Fault):
        read_form(body, TYPE)


def test_only_audience_and_resource_are_repeated() -> None:
    assert read_form(b"resource=a&resource=b", TYPE).all("resource") == ("a", "b")


@pytest.mark.parametrize("content_type", ["", "application/json", "multipart/form-data", "text/plain"])
def test_another_notation_is_refused(content_type: str) -> None:
    with pytest.raises(Fault):
        read_form(b"a=b", content_type)


def test_a_form_that_is_too_large_is_refused() -> None:
    with pytest.raises(Fault) as refused:
        read_form(b"a=" + b"b" * MAX_BODY_BYTES, TYPE)
    assert refused.value.status == 413

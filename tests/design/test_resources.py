"""What an API is about, in a few words."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.design.resources import Property, ResourceError, plural_of, read_resource, read_resources


def test_a_resource_has_properties_with_kinds() -> None:
    one = read_resource("book-review:text:text,stars:integer?,tags:string[],state:open|closed")
    assert (one.name, one.plural, one.type_name, one.plural_type) == (
        "book-review",
        "book-reviews",
        "BookReview",
        "BookReviews",
    )
    assert one.properties == (
        Property("text", "text"),
        Property("stars", "integer", required=False),
        Property("tags", "string", listed=True),
        Property("state", "string", ("open", "closed")),
    )


def test_of_which_nothing_is_said_has_a_name_and_a_description() -> None:
    assert [one.name for one in read_resource("shelf/shelves").properties] == ["name", "description"]


@pytest.mark.parametrize(
    ("noun", "plural"), [("book", "books"), ("story", "stories"), ("box", "boxes"), ("day", "days"), ("dish", "dishes")]
)
def test_regular_plurals_are_known(noun: str, plural: str) -> None:
    assert plural_of(noun) == plural


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Book", "not a name for a resource"),
        ("book/", "not a name for a resource"),
        ("", "not a name for a resource"),
        ("book:Title", "not a name for a property"),
        ("book:id:uuid", "always has an `id`"),
        ("book:price:numbr", "not a kind"),
        ("book:a:string,a:text", "twice"),
        ("book:a:x|x", "choices"),
        ("book:a:x|", "choices"),
    ],
)
def test_what_is_not_understood_is_told(text: str, says: str) -> None:
    with pytest.raises(ResourceError, match=says) as told:
        read_resource(text)
    assert told.value.hint


@pytest.mark.parametrize("texts", [["book", "book"], ["book", "book-page"], ["problem"], ["book-1", "book1"]])
def test_two_things_of_one_name_are_refused(texts: list[str]) -> None:
    with pytest.raises(ResourceError, match="taken"):
        read_resources(texts)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ResourceError):
        assert read_resource(text).properties

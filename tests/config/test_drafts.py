"""An item with mistakes is looked through for further ones, as far as it can be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.config.files import BOOKSHOP, load, mistakes
from yett.config.drafts import draft_of
from yett.config.sections.access import ProfileShape
from yett.config.sections.apis import ApiShape
from yett.config.sections.apps import AppShape


def test_entries_that_are_left_keep_their_place(tmp_path: Path) -> None:
    grants = "grants: [{collection: 1}, {collection: gone}, {}, {collection: lost}]"
    text = BOOKSHOP.replace("grants: [{collection: catalogue}]", grants)
    found = {(one.code, one.pointer) for one in mistakes(tmp_path, text)}
    assert {
        ("unknown-collection", "/profiles/0/grants/1"),
        ("unknown-collection", "/profiles/0/grants/3"),
    } <= found
    assert len(found) == 4


def test_an_item_with_mistakes_is_in_the_draft_and_not_in_the_configuration(tmp_path: Path) -> None:
    loaded = load(tmp_path, BOOKSHOP.replace("base_path: /bookshop", "base_path: bookshop"))
    assert (loaded.configuration.apis, [api.name for api in loaded.draft.apis]) == ((), ["bookshop"])


def test_a_setting_that_was_left_out_does_not_contradict_others(tmp_path: Path) -> None:
    other = "  - {name: other, contract: other.json, upstream: 'http://127.0.0.1:9'}\ncollections:"
    text = BOOKSHOP.replace("base_path: /bookshop", "base_path: bookshop").replace("collections:", other, 1)
    assert len(mistakes(tmp_path, text)) == 1


def test_an_entry_that_aliases_share_is_left_out_of_each_place() -> None:
    shared = {"requests": 1, "per": "minit"}
    limits = [shared, {"requests": 1, "per": "minute"}]
    operations = {"a": {"limits": limits}, "b": {"limits": limits}}
    draft = draft_of(ApiShape, {"name": "a", "contract": "a", "upstream": "http://a", "operations": operations}, {})
    assert draft is not None
    assert [len(one.limits) for one in draft.shape.operations.values()] == [1, 1]


def test_too_little_makes_no_draft() -> None:
    assert draft_of(AppShape, {"name": "a"}, {}) is None
    assert draft_of(AppShape, ["a"], {}) is None
    assert draft_of(AppShape, {"name": "A B", "team": "t"}, {}) is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["reader", "a:b", "env", "minute", ""]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["name", "grants", "collection", "operation", "limits", "requests", "per", "x"]), inner
        )
    ),
    max_leaves=30,
)


@given(grants=VALUES, limits=VALUES, rest=st.dictionaries(st.text(max_size=4), VALUES, max_size=3))
def test_whatever_stands_in_an_item_its_sound_parts_are_found(grants: Any, limits: Any, rest: dict[str, Any]) -> None:
    value = {**rest, "name": "reader", "grants": grants, "limits": limits}
    draft = draft_of(ProfileShape, value, {})
    assert draft is not None
    assert draft.shape.name == "reader"
    for path, indices in draft.kept.items():
        assert len(indices) == len(set(indices)), path

"""What a change of configuration changes in effective access."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.access.models import NOW, access
from yett.access.moments import spoken
from yett.access.spans import _without, changes, picture
from yett.model.access import Window

BASE = """\
profiles:
  - {name: reader, grants: [{operation: shop:get}]}
  - {name: writer, inherits: [reader], grants: [{operation: shop:create}]}
teams:
  - {name: staff}
apps:
  - {name: desk, team: staff, profiles: [reader]}
"""


def told(
    folder: Path, before: str, after: str, public: tuple[frozenset[str], frozenset[str]] | None = None
) -> list[str]:
    """The changes from one text to another, in words."""
    pictures = []
    for text, open_to_all in zip((before, after), public or (frozenset(), frozenset()), strict=True):
        shop, loaded = access(folder, text)
        pictures.append(picture(loaded.configuration, shop, open_to_all, NOW))
    return [f"{one.principal} {one.change} {one.what} {spoken(one.window)}".strip() for one in changes(*pictures)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("x", "x", []),
        ("profiles: [reader]}", "profiles: [writer]}", ["app:desk gained shop:create"]),
        ("{name: staff}", "{name: staff, profiles: [writer]}", ["app:desk gained shop:create"]),
        ("profiles: [reader]}", "profiles: [reader, writer]}", ["app:desk gained shop:create"]),
        ("grants: [{operation: shop:get}]", "denies: [{operation: shop:get}]", ["app:desk lost shop:get"]),
        ("name: desk", "name: till", ["app:desk lost shop:get", "app:till gained shop:get"]),
        (
            "profiles: [reader]}",
            'profiles: [{profile: reader, until: "2027-02-01"}]}',
            ["app:desk lost shop:get from 2027-02-01"],
        ),
        (
            "profiles: [reader]}",
            'profiles: [reader, {profile: writer, from: "2027-02-01", until: "2027-03-01"}]}',
            ["app:desk gained shop:create from 2027-02-01 until 2027-03-01"],
        ),
        ("profiles: [reader]}", 'profiles: [reader, {profile: writer, until: "2027-01-01"}]}', []),
        (
            "{name: reader, grants",
            "{name: reader, console: [keys:rotate], grants",
            ["app:desk gained console keys:rotate"],
        ),
        # Another text, the same access.
        ("{operation: shop:get}", '{operation: "shop:g*"}', []),
    ],
)
def test_a_change_is_told_as_what_it_does_and_when(tmp_path: Path, old: str, new: str, expected: list[str]) -> None:
    assert told(tmp_path, BASE, BASE.replace(old, new)) == expected


def test_what_becomes_public_is_gained_by_anyone(tmp_path: Path) -> None:
    one = frozenset({"shop:get"})
    assert told(tmp_path, BASE, BASE, (frozenset(), one)) == ["anyone gained shop:get"]
    assert told(tmp_path, BASE, BASE, (one, frozenset())) == ["anyone lost shop:get"]


def test_the_order_of_a_diff_turns_gains_into_losses(tmp_path: Path) -> None:
    after = BASE.replace("profiles: [reader]}", "profiles: [writer]}")
    assert told(tmp_path, after, BASE) == ["app:desk lost shop:create"]


EDGES = st.lists(st.integers(0, 12), max_size=6, unique=True).map(sorted)


@given(EDGES, EDGES)
def test_windows_are_taken_from_windows_second_by_second(one: list[int], other: list[int]) -> None:
    spans, others = (
        tuple(Window(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)) for edges in (one, other)
    )
    left = _without(spans, others)
    for second in range(14):
        had = any(span.holds(second) for span in spans) and not any(span.holds(second) for span in others)
        assert any(span.holds(second) for span in left) is had

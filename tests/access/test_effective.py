"""Who may call what, and through what."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.access.models import NOW, access, allowed, named
from yett.access.effective import may
from yett.access.moments import spoken, written
from yett.errors import YettError
from yett.model.access import Window

SHOP = """\
collections:
  - {name: reading, operations: [shop:list, shop:get]}
profiles:
  - {name: reader, grants: [{collection: reading}], console: [api:read]}
  - {name: writer, inherits: [reader], grants: [{operation: shop:create}], denies: [{operation: shop:remove}]}
  - {name: editor, inherits: [writer], grants: [{operation: "shop:*"}]}
  - {name: trial, grants: [{operation: shop:create, from: "2027-01-10", until: "2027-01-20"}]}
teams:
  - {name: staff, profiles: [reader], members: [mira]}
  - {name: guests}
users:
  - {name: mira, profiles: [{profile: trial, until: "2027-01-18"}]}
  - {name: staff, teams: [guests], profiles: [editor]}
apps:
  - name: desk
    team: staff
    profiles: [trial, writer]
    keys: [{env: ONE, profiles: [reader]}, {env: TWO, id: second, profiles: [trial]}, {env: THREE}]
"""


@pytest.mark.parametrize(
    ("name", "operations"),
    [
        ("reader", {"list", "get"}),
        ("writer", {"list", "get", "create"}),
        ("editor", {"list", "get", "create"}),
        ("mira", {"list", "get", "create"}),
        ("user:staff", {"list", "get", "create"}),
        ("team:staff", {"list", "get"}),
        ("guests", set()),
        ("desk", {"list", "get", "create"}),
        ("desk/1", {"list", "get"}),
        ("desk/second", {"create"}),
    ],
)
def test_everybody_may_call_what_their_profiles_grant_and_none_denies(
    tmp_path: Path, name: str, operations: set[str]
) -> None:
    shop, loaded = access(tmp_path, SHOP)
    assert allowed(shop, named(name, loaded)) == operations


def test_a_deny_is_inherited_and_wins_over_a_grant_of_the_heir(tmp_path: Path) -> None:
    shop, loaded = access(tmp_path, SHOP)
    verdict = shop.at(named("editor", loaded), NOW)["shop:remove"]
    assert not verdict.allowed
    assert [str(way) for way in verdict.grants] == ["profile editor -> shop:*"]
    assert [str(way) for way in verdict.denies] == ["profile editor -> inherits writer -> shop:remove"]


def test_a_way_names_the_team_and_every_profile_it_goes_through(tmp_path: Path) -> None:
    shop, loaded = access(tmp_path, SHOP)
    ways = shop.at(named("desk", loaded), NOW)["shop:get"].grants
    assert [str(way) for way in ways] == [
        "profile writer -> inherits reader -> collection reading",
        "team staff -> profile reader -> collection reading",
    ]


def test_a_grant_holds_while_it_and_its_profile_are_there(tmp_path: Path) -> None:
    shop, loaded = access(tmp_path, SHOP)
    mira = named("mira", loaded)
    start = NOW - 8 * 3600
    moments = shop.moments(mira, start - 6 * 86_400)
    assert [written(one) for one in moments] == ["2027-01-09", "2027-01-10", "2027-01-18"]
    assert ["create" in allowed(shop, mira, one) for one in moments] == [False, True, False]


def test_a_narrowed_key_keeps_what_the_other_profiles_of_its_app_deny(tmp_path: Path) -> None:
    text = SHOP.replace("profiles: [reader]}, {env: TWO", "profiles: [trial]}, {env: TWO")
    shop, loaded = access(tmp_path, text.replace("shop:create, from", "shop:remove, from"))
    verdict = shop.at(named("desk/1", loaded), NOW)["shop:remove"]
    assert (bool(verdict.grants), verdict.allowed) == (True, False)


def test_console_rights_come_through_teams_and_inheritance_and_no_other_way(tmp_path: Path) -> None:
    shop, loaded = access(tmp_path, SHOP)
    assert may(shop, named("mira", loaded), "api:read", NOW)
    assert may(shop, named("user:staff", loaded), "api:read", NOW)
    assert not may(shop, named("mira", loaded), "api:publish", NOW)
    assert not may(shop, named("guests", loaded), "api:read", NOW)


def test_a_name_of_nobody_and_a_name_of_two_are_told(tmp_path: Path) -> None:
    _, loaded = access(tmp_path, SHOP)
    with pytest.raises(YettError, match="nobody called `dusk`") as nobody:
        named("dusk", loaded)
    assert nobody.value.hint == "did you mean `desk`?"
    with pytest.raises(YettError, match="more than one") as two:
        named("staff", loaded)
    assert two.value.hint == "write `user:staff` or `team:staff`"


def test_windows_are_spoken_as_they_are_written() -> None:
    assert spoken(Window()) == ""
    assert spoken(Window(0, 86_399)) == "from 1970-01-01 until 1970-01-01T23:59:59Z"
    assert written(1 << 62) == str(1 << 62)

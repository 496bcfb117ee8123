"""Questions about access, and the matrix tried against a real gateway."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.native import NATIVE
from tests.services.places import ENVIRONMENT, KEY, SETTINGS, lay_out
from yett.errors import ConfigurationError, GatewayError, YettError
from yett.gateway import EmbeddedGateway, GatewayOptions
from yett.services import access, access_trial
from yett.services.assembly import assemble

TEAMS = "teams: [{name: shop-team, members: [mira]}, {name: guests, profiles: [careful]}]"
PROFILES = """profiles:
  - {name: all, grants: [{operation: "shop:*"}]}
  - {name: careful, denies: [{operation: shop:listBooks}]}
  - {name: trial, grants: [{operation: shop:listBooks, until: "2099-01-01"}]}
"""
CALLERS = """\
  - {name: guest-app, team: guests, profiles: [all]}
  - {name: bot, team: shop-team, agent: true, profiles: [all], keys: [{env: READER_KEY, profiles: [all]}]}
users:
  - {name: mira, profiles: [trial]}
  - {name: otto, teams: [guests], profiles: [all]}
"""
RICH = SETTINGS.replace("profiles:\n", PROFILES).replace("teams: [{name: shop-team}]", TEAMS) + CALLERS


def scene(folder: Path, settings: str = RICH) -> access.Scene:
    """The scene of a shop on disk."""
    return access.read_scene(lay_out(folder, settings), {})


def test_who_can_names_everybody_with_when_and_how_and_whom_it_is_denied(tmp_path: Path) -> None:
    found = access.who_can(scene(tmp_path), "shop:listBooks")
    assert [str(one.principal) for one in found.holders] == ["app:bot", "key:bot/1", "user:mira"]
    assert [str(one.principal) for one in found.denied] == ["app:guest-app", "user:otto"]
    assert [str(way) for way in found.denied[0].denies] == ["team guests -> profile careful -> shop:listBooks"]
    assert [str(way) for way in found.holders[2].grants] == ["profile trial -> shop:listBooks"]
    assert found.holders[2].windows[0].until is not None


def test_who_can_of_nothing_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(YettError) as raised:
        access.who_can(scene(tmp_path), "shop:listBook")
    assert raised.value.hint == "did you mean `shop:listBooks`?"


def test_an_agent_for_a_user_has_what_both_have(tmp_path: Path) -> None:
    found = access.access_of_principal(scene(tmp_path), "bot", acting_for="mira")
    assert [one.what for one in found.operations if one.windows] == ["shop:listBooks"]
    denied = access.access_of_principal(scene(tmp_path), "bot", acting_for="otto")
    assert [one.what for one in denied.operations if one.windows] == ["shop:getBook"]


def test_who_is_no_agent_acts_for_nobody(tmp_path: Path) -> None:
    with pytest.raises(YettError) as raised:
        access.access_of_principal(scene(tmp_path), "reader-app", acting_for="mira")
    assert raised.value.code == "no-agent"


def test_a_change_is_told_with_what_it_goes_through(tmp_path: Path) -> None:
    before = scene(tmp_path)
    (gained,) = access.access_changes(
        scene(tmp_path, SETTINGS), scene(tmp_path, SETTINGS.replace('"shop:get*"', '"shop:*"'))
    )
    assert (gained.what, gained.change) == ("shop:listBooks", "gained")
    assert gained.through == ("profile reader -> collection all",)
    moved = RICH.replace("team: shop-team, profiles: [reader]", "team: guests, profiles: [all]")
    assert access.access_changes(before, scene(tmp_path, moved)) == []
    frozen = RICH.replace("{name: reader, grants", "{name: reader, denies: [{operation: shop:getBook}], grants")
    (taken,) = access.access_changes(before, scene(tmp_path, frozen))
    assert (taken.principal, taken.through) == ("app:reader-app", ("denied: profile reader -> shop:getBook",))


def test_a_configuration_with_mistakes_answers_no_question(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        scene(tmp_path, SETTINGS.replace("minute", "minit"))


@NATIVE
def test_every_cell_of_a_matrix_is_answered_by_a_real_gateway_as_computed(tmp_path: Path) -> None:
    trial = access_trial.try_on_own_gateway(scene(tmp_path))
    assert trial.unlike == []
    assert (trial.asked, trial.unasked) == (7 * 2, {})


@NATIVE
def test_a_matrix_that_is_wrong_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    truth = scene(tmp_path)
    wrong = scene(
        tmp_path, RICH.replace("- {name: careful, denies: [{operation: shop:listBooks}]}", "- {name: careful}")
    )
    computed = wrong.matrix()
    monkeypatch.setattr(access.Scene, "matrix", lambda _: computed)
    found = access_trial.try_on_own_gateway(truth).unlike
    assert [(one.principal, one.operation, one.computed, one.answer) for one in found] == [
        ("app:guest-app", "shop:listBooks", True, "403 access-denied"),
        ("user:otto", "shop:listBooks", True, "403 access-denied"),
    ]


@NATIVE
def test_a_running_gateway_is_asked_with_the_keys_there_are_and_nothing_reaches_its_upstream(tmp_path: Path) -> None:
    assembly = assemble(lay_out(tmp_path), ENVIRONMENT)
    gateway = EmbeddedGateway(
        GatewayOptions("127.0.0.1:0", assembly.pepper.secret, workers=1, access_log=None, event_capacity=64)
    )
    gateway.apply(assembly.snapshot())
    url = f"http://{gateway.start().listen[0]}"
    try:
        here = access.read_scene(str(tmp_path / "yett.yaml"), ENVIRONMENT)
        trial = access_trial.try_on_running_gateway(here, url, ENVIRONMENT)
        assert (trial.asked, trial.unlike, trial.unasked) == (4, [], {})
        unguarded = access.read_scene(lay_out(tmp_path, SETTINGS.replace("base_path: /shop", _OPEN)), ENVIRONMENT)
        skipped = access_trial.try_on_running_gateway(unguarded, url, ENVIRONMENT)
        assert (skipped.asked, skipped.unasked) == (0, {"the request could reach the upstream": 4})
        assert access_trial.try_on_running_gateway(here, url, {}).unasked == {"no key is known": 2}
        assert not [event for event in gateway.events(64) if event.get("upstream")]
    finally:
        gateway.stop(0.0)


_OPEN = "base_path: /shop, guards: {contract: {unknown_query: allow}}"


def test_where_nobody_answers_it_is_said(tmp_path: Path) -> None:
    here = access.read_scene(lay_out(tmp_path), {"READER_KEY": KEY})
    for url in ("http://127.0.0.1:1", "ftp://127.0.0.1", "127.0.0.1:8080", "http://127.0.0.1:8080/bookshop"):
        with pytest.raises(GatewayError):
            access_trial.try_on_running_gateway(here, url, {"READER_KEY": KEY})

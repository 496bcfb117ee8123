"""Policies folded into who may call what, and held against the engine and a real gateway."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.native import NATIVE
from tests.services.places import ENVIRONMENT, SETTINGS, lay_out
from yett.gateway import Request
from yett.services import access, access_trial
from yett.services.explain import explain_request

SHOP = SETTINGS.replace(
    "profiles:\n",
    """profiles:
  - {name: all, grants: [{operation: "shop:*"}]}
  - {name: trainee, inherits: [all]}
""",
).replace("teams: [{name: shop-team}]", "teams: [{name: shop-team}, {name: guests}]") + (
    """\
  - {name: guest-app, team: guests, profiles: [all]}
  - {name: desk, team: shop-team, profiles: [trainee], keys: [{env: DESK_KEY, profiles: [trainee]}]}
users:
  - {name: otto, profiles: [trainee]}
"""
)
ANONYMOUS = SHOP.replace("base_path: /shop}", "base_path: /shop, anonymous: [reader]}")

pytestmark = NATIVE


def scene(folder: Path, policies: str = "", settings: str = SHOP) -> access.Scene:
    """The shop with these policies."""
    return access.read_scene(lay_out(folder, f"{settings}policies:\n{policies}" if policies else settings), {})


def cells(found: access.Scene) -> dict[str, str]:
    """What the matrix says of `listBooks`, by principal."""
    return {who: str(cell) for (who, what), cell in found.matrix().cells.items() if what == "shop:listBooks"}


FORBID = "  - {name: no-guests, forbid: {operations: [shop:listBooks], teams: [guests]}}\n"
TRAINEES = "  - {name: no-trainees, forbid: {operations: [shop:listBooks], profiles: [trainee]}}\n"
PERMIT = "  - {name: guests-only, permit: {operations: [shop:listBooks], apps: [guest-app]}}\n"
NIGHT = '  - {name: by-day, forbid: {operations: [shop:listBooks], teams: [guests]}, when: "context.time.hour > 99"}\n'


@pytest.mark.parametrize(
    ("policies", "guest", "desk", "user"),
    [
        ("", "yes", "yes", "yes"),
        (FORBID, "denied", "yes", "yes"),
        (TRAINEES, "yes", "denied", "denied"),
        (PERMIT, "yes", "denied", "under guests-only"),
        (NIGHT, "under by-day", "yes", "yes"),
        (FORBID + NIGHT, "denied", "yes", "yes"),
        (FORBID.replace("}}", "}, mode: monitor}"), "yes", "yes", "yes"),
        (FORBID.replace("}}", "}, mode: off}"), "yes", "yes", "yes"),
    ],
)
def test_the_matrix_says_what_policies_take_away(
    tmp_path: Path, policies: str, guest: str, desk: str, user: str
) -> None:
    found = cells(scene(tmp_path, policies))
    assert (found["app:guest-app"], found["app:desk"], found["user:otto"]) == (guest, desk, user)


@pytest.mark.parametrize("policies", [FORBID, TRAINEES, PERMIT, NIGHT, FORBID + PERMIT])
def test_every_cell_is_answered_by_a_real_gateway_as_computed(tmp_path: Path, policies: str) -> None:
    trial = access_trial.try_on_own_gateway(scene(tmp_path, policies))
    assert trial.unlike == []
    assert trial.asked > 0


def test_a_matrix_without_the_policies_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without = scene(tmp_path).matrix()
    found = scene(tmp_path, FORBID)
    monkeypatch.setattr(access.Scene, "matrix", lambda _: without)
    (unlike,) = access_trial.try_on_own_gateway(found).unlike
    assert (unlike.principal, unlike.operation, unlike.answer) == (
        "app:guest-app",
        "shop:listBooks",
        "403 policy-denied",
    )


def test_who_can_names_the_policy_that_denies_and_the_one_that_may(tmp_path: Path) -> None:
    denied = access.who_can(scene(tmp_path, FORBID), "shop:listBooks").denied
    assert [(str(one.principal), [str(way) for way in one.denies]) for one in denied] == [
        ("app:guest-app", ["policy no-guests"])
    ]
    holders = access.who_can(scene(tmp_path, NIGHT), "shop:listBooks").holders
    assert {str(one.principal): one.conditions for one in holders}["app:guest-app"] == ("by-day",)


def test_a_changed_policy_is_a_change_of_effective_access(tmp_path: Path) -> None:
    plain = scene(tmp_path)
    (lost,) = access.access_changes(plain, scene(tmp_path, FORBID))
    assert (lost.principal, lost.change, lost.through) == ("app:guest-app", "lost", ("denied: policy no-guests",))
    (under,) = access.access_changes(plain, scene(tmp_path, NIGHT))
    assert (under.principal, under.change, under.through) == ("app:guest-app", "conditioned", ("under policy by-day",))
    assert access.access_changes(scene(tmp_path, NIGHT), scene(tmp_path, NIGHT)) == []


def test_an_explanation_is_typed_and_names_the_decisive_policy(tmp_path: Path) -> None:
    path = lay_out(tmp_path, f"{SHOP}policies:\n{FORBID}")
    decision = explain_request(path, Request("GET", "/shop/books", app="guest-app"), ENVIRONMENT).decision
    assert (decision.code, [one.policy for one in decision.policies if one.outcome == "forbids"]) == (
        "policy-denied",
        ["no-guests"],
    )
    assert decision.change


def test_whoever_shows_no_credential_is_asked_too(tmp_path: Path) -> None:
    found = scene(tmp_path, settings=ANONYMOUS)
    assert str(found.matrix().cells["anyone", "shop:getBook"]) == "yes"
    assert str(found.matrix().cells["anyone", "shop:listBooks"]) == ""
    assert str(access.who_can(found, "shop:getBook").holders[0].principal) == "anyone"
    assert [one.what for one in access.access_of_principal(found, "anyone").operations] == ["shop:getBook"]
    assert access_trial.try_on_own_gateway(found).unlike == []
    forbidden = "  - {name: nobody, forbid: {operations: [shop:getBook], profiles: [reader]}}\n"
    closed = scene(tmp_path, forbidden, ANONYMOUS)
    assert str(closed.matrix().cells["anyone", "shop:getBook"]) == "denied"
    assert access_trial.try_on_own_gateway(closed).unlike == []

"""Contradictions, what has ended, circles, and duties in one hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.access.models import NOW, load, resolve
from yett.access.checks import check_access
from yett.model.diagnostic import Diagnostic


def found(folder: Path, text: str) -> list[Diagnostic]:
    """Every mistake of a text that concerns access."""
    loaded = load(folder, text)
    mistakes = [one for one in loaded.diagnostics if one.code != "unknown-api"]
    return mistakes or list(check_access(loaded.configuration, resolve, now=NOW))


@pytest.mark.parametrize(
    ("text", "line", "code", "message"),
    [
        (
            "profiles:\n  - {name: a, grants: [{operation: shop:get}], denies: [{operation: shop:get}]}",
            3,
            "grant-contradicted",
            "the profile `a` grants and denies shop:get",
        ),
        (
            'profiles:\n  - {name: a, grants: [{operation: shop:get}], denies: [{operation: "shop:g*"}]}',
            3,
            "grant-denied",
            "this grant has no effect: the profile `a` denies all of shop:get",
        ),
        (
            'profiles:\n  - {name: a, grants: [{operation: shop:get, until: "2027-01-01"}]}',
            3,
            "grant-ended",
            "the grant of shop:get ended on 2027-01-01 and gives nothing any more",
        ),
        (
            'profiles: [{name: a}]\nteams:\n  - {name: t, profiles: [{profile: a, until: "2027-01-15T08:00:00Z"}]}',
            4,
            "grant-ended",
            "the profile `a` ended on 2027-01-15T08:00:00Z and gives nothing any more",
        ),
        (
            'profiles:\n  - {name: a, grants: [{operation: shop:get, from: "2027-02-01", until: "2027-02-01"}]}',
            3,
            "window-empty",
            "`until` is not after `from`, so this never holds",
        ),
        (
            "profiles:\n  - {name: a, inherits: [b]}\n  - {name: b, inherits: [c]}\n  - {name: c, inherits: [a]}",
            5,
            "profile-cycle",
            "profiles inherit one another in a circle: `a` inherits `b` inherits `c` inherits `a`",
        ),
        (
            "profiles:\n  - {name: a, inherits: [a]}",
            3,
            "profile-cycle",
            "profiles inherit one another in a circle: `a` inherits `a`",
        ),
        ("profiles:\n  - {name: a, inherits: [b]}", 3, "unknown-profile", "there is no profile `b`"),
        ("users:\n  - {name: u, profiles: [x]}", 3, "unknown-profile", "there is no profile `x`"),
        ("users:\n  - {name: u, teams: [x]}", 3, "unknown-team", "there is no team `x`"),
        ("teams:\n  - {name: t, members: [x]}", 3, "unknown-user", "there is no user `x`"),
        (
            "profiles:\n  - {name: a, console: [api:*]}",
            3,
            "right-unknown",
            "console rights are named one by one, without `*`",
        ),
        ("profiles:\n  - {name: a, console: [api:publis]}", 3, "right-unknown", "there is no such console right"),
        (
            "profiles:\n  - {name: a, denies: [{}]}",
            3,
            "grant-unclear",
            "a grant or a deny has one of `collection` and `operation`",
        ),
        (
            'profiles:\n  - {name: a, denies: [{operation: shop:get, until: "2027-02-01"}]}',
            3,
            "unknown-key",
            "unknown key `until`",
        ),
        (
            "profiles:\n  - {name: a, grants: [{operation: shop:get, until: tomorrow}]}",
            3,
            "date-invalid",
            "`from` and `until`: each is a date or a date with time and offset (RFC 3339)",
        ),
        (
            "duties:\n  - {name: d, rights: [[api:edit], [api:publish, api:edit]]}",
            3,
            "duty-impossible",
            "`api:edit` stands in two sets of the duty `d`, so nobody could ever have it",
        ),
        ("duties:\n  - {name: d}", 3, "duty-unclear", "a duty has one of `rights` and `operations`"),
    ],
)
def test_a_mistake_of_access_is_told_where_it_stands(
    tmp_path: Path, text: str, line: int, code: str, message: str
) -> None:
    assert [(one.line, one.code, one.message) for one in found(tmp_path, text)] == [(line, code, message)]


def test_a_deny_that_takes_a_part_of_a_grant_is_no_mistake(tmp_path: Path) -> None:
    text = 'profiles:\n  - {name: a, grants: [{operation: "shop:*"}], denies: [{operation: shop:remove}]}'
    assert found(tmp_path, text) == []


DUTIES = """\
profiles:
  - {name: author, console: [api:edit]}
  - {name: approver, console: [api:approve]}
  - {name: lead, inherits: [approver]}
  - {name: creator, grants: [{operation: shop:create}]}
  - {name: remover, grants: [{operation: shop:remove}]}
duties:
  - {name: four-eyes, rights: [[api:edit], [api:approve, api:publish]]}
  - {name: make-or-break, operations: [[shop:create], ["shop:r*"]]}
teams:
  - {name: staff, profiles: [author], members: [mira]}
"""


def test_a_duty_is_broken_through_a_team_and_inheritance_with_both_ways_told(tmp_path: Path) -> None:
    (broken,) = found(tmp_path, f"{DUTIES}users:\n  - {{name: mira, profiles: [lead]}}")
    assert (broken.code, broken.line) == ("duty-broken", 14)
    assert broken.message == "user `mira` has both `api:edit` and `api:approve`, which `four-eyes` forbids"
    assert "`api:edit` through team staff -> profile author -> api:edit" in broken.hint
    assert "`api:approve` through profile lead -> inherits approver -> api:approve" in broken.hint
    assert broken.hint.endswith("yett.yaml:9")


def test_a_duty_over_operations_is_held_against_apps_and_what_is_denied_is_not_had(tmp_path: Path) -> None:
    app = "apps:\n  - {name: desk, team: staff, profiles: [creator, remover%s]}"
    (broken,) = found(tmp_path, DUTIES.replace(", members: [mira]", "") + app % "")
    assert broken.message == "app `desk` has both `shop:create` and `shop:remove`, which `make-or-break` forbids"
    kept = DUTIES.replace(", members: [mira]", "").replace(
        "duties:", "  - {name: safe, denies: [{operation: shop:remove}]}\nduties:"
    )
    assert found(tmp_path, kept + app % ", safe") == []


@pytest.mark.parametrize(
    ("until", "since", "when"),
    [
        ("2027-02-01", "2027-02-01", None),
        ("2027-02-02", "2027-02-01", "2027-02-01"),
        ("2027-01-01", "2026-01-01", None),
    ],
)
def test_a_duty_is_broken_only_where_both_are_had_at_the_same_time(
    tmp_path: Path, until: str, since: str, when: str | None
) -> None:
    author, lead = f'{{profile: author, until: "{until}"}}', f'{{profile: lead, from: "{since}"}}'
    text = DUTIES.replace(", profiles: [author]", "") + f"users:\n  - {{name: mira, profiles: [{author}, {lead}]}}"
    mistakes = [one for one in found(tmp_path, text) if one.code == "duty-broken"]
    assert [f" from {when} on," in one.message for one in mistakes] == ([] if when is None else [True])


def test_a_line_of_profiles_without_end_is_told_and_costs_no_stack(tmp_path: Path) -> None:
    line = "profiles:\n" + "".join(f"  - {{name: p{one}, inherits: [p{one + 1}]}}\n" for one in range(2_000))
    codes = [one.code for one in load(tmp_path, f"{line}  - {{name: p2000}}").diagnostics]
    assert codes == ["inheritance-too-deep"]

"""Profiles of the snapshot, and who has them. Names only: what they come to is the engine's to compute."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from yett.compile.fields import compact
from yett.compile.limits import LimitNames, compile_limits
from yett.model.access import ALWAYS
from yett.model.place import Reference

if TYPE_CHECKING:
    from yett.compile.operations import OperationIndex
    from yett.model.access import Assignment, Profile, Reach, Window
    from yett.model.configuration import Configuration


def compile_profile(profile: Profile, index: OperationIndex, names: LimitNames) -> dict[str, Any]:
    """`Profile` of the snapshot."""
    by_window: dict[Window, list[Reach]] = {}
    for grant in profile.grants:
        by_window.setdefault(grant.window, []).append(grant.reach)
    always = by_window.pop(ALWAYS, [])
    return compact(
        name=profile.name,
        inherits=_unique(one.name for one in profile.inherits),
        collections=_collections(always),
        operations=_operations(always, index),
        timed=[
            compact(collections=_collections(reaches), operations=_operations(reaches, index), **_window(window))
            for window, reaches in by_window.items()
        ],
        denied_collections=_collections(profile.denies),
        denied_operations=_operations(profile.denies, index),
        limits=compile_limits(profile.limits, names, "profile", profile.name),
        sees=list(profile.sees),
    )


def compile_teams(configuration: Configuration) -> list[dict[str, Any]]:
    """`Team` of the snapshot, for those that have profiles."""
    return [compact(name=one.name, **compile_assignments(one.profiles)) for one in configuration.teams if one.profiles]


def compile_users(configuration: Configuration) -> list[dict[str, Any]]:
    """`User` of the snapshot."""
    teams = configuration.memberships()
    known = {one.name: one.issuer for one in configuration.issuers}
    return [
        compact(
            name=one.name,
            teams=list(teams.get(one.name, ())),
            **compile_assignments(one.profiles),
            identities=[
                {"issuer": known.get(identity.issuer, identity.issuer), "subject": identity.subject}
                for identity in one.identities
            ],
        )
        for one in configuration.users
    ]


def compile_assignments(assignments: Iterable[Assignment]) -> dict[str, Any]:
    """`profiles` and `timed_profiles` of the snapshot."""
    given = list(assignments)
    timed = [one for one in given if one.window != ALWAYS]
    return {
        "profiles": _unique(one.name for one in given if one.window == ALWAYS),
        "timed_profiles": [compact(profile=one.name, **_window(one.window)) for one in timed],
    }


def _window(window: Window) -> dict[str, Any]:
    return {"from": window.since, "until": window.until}


def _collections(reaches: Iterable[Reach]) -> list[str]:
    return _unique(one.name for one in reaches if one.kind == "collection")


def _operations(reaches: Iterable[Reach], index: OperationIndex) -> list[str]:
    return index.resolve(Reference(one.name, one.place) for one in reaches if one.kind == "operation")


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))

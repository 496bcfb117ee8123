"""Whoever has profiles: apps, keys that carry only some of their app's, users, teams, and profiles taken alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from yett.errors import YettError
from yett.model.access import Assignment
from yett.model.place import NOWHERE, Place, Reference
from yett.model.suggestion import did_you_mean

if TYPE_CHECKING:
    from yett.model.access import App, Key, Team
    from yett.model.configuration import Configuration

Kind = Literal["app", "key", "user", "team", "profile", "anonymous"]

Held = tuple[Assignment, str, bool]
"""A profile, where it comes from (`team x`, or nothing), and whether it only binds: it denies, and grants nothing."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who has profiles. `str()` names it among all: `app:reader-app`.

    `api` is the only one whose operations it may call: whoever shows no credential has profiles API by API.
    """

    kind: Kind
    name: str
    held: tuple[Held, ...] = field(compare=False, repr=False)
    team: str = field(default="", compare=False)
    agent: bool = field(default=False, compare=False)
    place: Place = field(default=NOWHERE, compare=False, repr=False)
    api: str = ""

    def __str__(self) -> str:
        return self.name if self.kind == "anonymous" else f"{self.kind}:{self.name}"

    @property
    def app(self) -> str:
        """Name of the app that it is, or whose key it is."""
        return self.name.partition("/")[0] if self.kind in ("app", "key") else ""


ANYONE: Final = "anyone"
"""Who calls without a credential."""


def without_credential(configuration: Configuration) -> dict[str, Principal]:
    """Whoever shows no credential, by API: with the profiles that it gives such callers, or none."""
    return {
        api.name: Principal("anonymous", ANYONE, _named(api.identify.anonymous or ()), place=api.place, api=api.name)
        for api in configuration.apis
    }


def _named(references: Iterable[Reference]) -> tuple[Held, ...]:
    return _own([Assignment(one.name, place=one.place) for one in references])


def callers(configuration: Configuration) -> tuple[Principal, ...]:
    """Everybody who may call: apps, their narrowed keys, and users."""
    teams = {one.name: one for one in configuration.teams}
    found: list[Principal] = []
    for app in configuration.apps:
        whole = _app(app, teams.get(app.team.name))
        found += [whole, *_narrowed(app, whole)]
    memberships = configuration.memberships()
    for user in configuration.users:
        of_teams = [_of_team(teams[name]) for name in memberships.get(user.name, ()) if name in teams]
        held = (*_own(user.profiles), *(one for team in of_teams for one in team))
        found.append(Principal("user", user.name, held, place=user.place))
    return tuple(found)


def everybody(configuration: Configuration) -> tuple[Principal, ...]:
    """The callers, and the teams and profiles whose access one may want to know as well."""
    teams = (Principal("team", one.name, _of_team(one), place=one.place) for one in configuration.teams)
    return (*callers(configuration), *teams, *profiles_alone(configuration))


def profiles_alone(configuration: Configuration) -> tuple[Principal, ...]:
    """Each profile as if somebody had it and no other."""
    return tuple(
        Principal("profile", one.name, _own([Assignment(one.name, place=one.place)]), place=one.place)
        for one in configuration.profiles
    )


def find(name: str, configuration: Configuration) -> Principal:
    """The principal called `name`, or `app:name` where several are.

    Raises `YettError` where there is none, or more than one.
    """
    known = everybody(configuration)
    found = [one for one in known if name in (one.name, str(one))]
    if not found:
        hint = did_you_mean(name, [one.name for one in known])
        raise YettError(f"there is nobody called `{name}`", code="unknown-principal", hint=hint)
    if len(found) > 1:
        hint = "write " + " or ".join(f"`{one}`" for one in found)
        raise YettError(f"`{name}` is the name of more than one", code="principal-ambiguous", hint=hint)
    return found[0]


def _app(app: App, team: Team | None) -> Principal:
    held = (*_own(app.profiles), *(_of_team(team) if team else ()))
    return Principal("app", app.name, held, app.team.name, app.agent, app.place)


def _narrowed(app: App, whole: Principal) -> Iterator[Principal]:
    for number, key in enumerate(app.keys, 1):
        if key.profiles is not None:
            held = tuple(_narrow(key, whole.held))
            yield Principal("key", f"{app.name}/{key.id or number}", held, app.team.name, app.agent, key.place)


def _narrow(key: Key, held: Iterable[Held]) -> Iterator[Held]:
    """What a key does not carry grants it nothing, but still denies."""
    carried = {one.name for one in key.profiles or ()}
    return ((one, origin, one.name not in carried) for one, origin, _ in held)


def _own(assignments: Iterable[Assignment]) -> tuple[Held, ...]:
    return tuple((one, "", False) for one in assignments)


def _of_team(team: Team) -> tuple[Held, ...]:
    return tuple((one, f"team {team.name}", False) for one in team.profiles)

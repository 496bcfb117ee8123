"""The whole configuration, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from yett.model.access import App, Collection, Duty, Profile, Team, User
from yett.model.api import Api
from yett.model.callout import Callout
from yett.model.gateway import GatewaySettings
from yett.model.governance import Governance
from yett.model.issuer import Issuer
from yett.model.policy import Policy
from yett.model.tokens import TokenSettings


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything somebody wrote down, checked for its shape, in the order of the files."""

    gateway: GatewaySettings = GatewaySettings()
    apis: tuple[Api, ...] = ()
    collections: tuple[Collection, ...] = ()
    profiles: tuple[Profile, ...] = ()
    teams: tuple[Team, ...] = ()
    users: tuple[User, ...] = ()
    apps: tuple[App, ...] = ()
    duties: tuple[Duty, ...] = ()
    tokens: TokenSettings | None = None
    governance: Governance = Governance()
    policies: tuple[Policy, ...] = ()
    callouts: tuple[Callout, ...] = ()
    issuers: tuple[Issuer, ...] = ()

    def memberships(self) -> Mapping[str, tuple[str, ...]]:
        """The teams of each user, named by the user or by the team."""
        teams: dict[str, dict[str, None]] = {}
        for user in self.users:
            teams.setdefault(user.name, {}).update((team.name, None) for team in user.teams)
        for team in self.teams:
            for member in team.members:
                teams.setdefault(member.name, {})[team.name] = None
        return {user: tuple(names) for user, names in teams.items()}


@dataclass(frozen=True, slots=True)
class Unread:
    """What was written but could not be read, so that nobody reports a reference to it as unknown.

    `names` holds, by section (`apis`, `teams`, ...), names of items with mistakes; `sections` those of which nothing
    can be said, because a file or the section itself could not be read.
    """

    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sections: frozenset[str] = frozenset()

    def may_hold(self, section: str, name: str) -> bool:
        """Whether something called `name` may have been meant there."""
        return section in self.sections or name in self.names.get(section, ())

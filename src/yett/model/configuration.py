"""The whole configuration, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from yett.model.access import App, Collection, Profile, Team
from yett.model.api import Api
from yett.model.gateway import GatewaySettings


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything somebody wrote down, checked for its shape, in the order of the files."""

    gateway: GatewaySettings = GatewaySettings()
    apis: tuple[Api, ...] = ()
    collections: tuple[Collection, ...] = ()
    profiles: tuple[Profile, ...] = ()
    teams: tuple[Team, ...] = ()
    apps: tuple[App, ...] = ()


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

"""Effective access: what everybody may call, and through what. The one place in Python that works it out.

The engine works the same out for itself, as bits; a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from yett.access.inheritance import lines_of
from yett.model.access import ALWAYS, Window
from yett.model.place import Place, Reference

if TYPE_CHECKING:
    from yett.access.principals import Principal
    from yett.model.access import Profile, Reach
    from yett.model.configuration import Configuration

_T = TypeVar("_T")
_MOST_KEPT: Final = 4_096

Resolve = Callable[[Iterable[Reference]], list[str]]
"""Names of operations, in which `*` may stand, to the operations that there are."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a grant, a deny or a right reaches somebody: from the team or the profile they have, to what says it."""

    origin: str
    """`team partner-team` where the profile is the team's, else empty."""
    line: tuple[str, ...]
    """The profile that is held, those it inherits, and last the one that says it."""
    what: str
    """What it says: `collection catalogue`, an operation as written, or a right."""
    window: Window = ALWAYS
    place: Place = field(default=Place(), compare=False, repr=False)

    def __str__(self) -> str:
        steps = [*([self.origin] if self.origin else []), f"profile {self.line[0]}"]
        steps += [f"inherits {name}" for name in self.line[1:]]
        return " -> ".join([*steps, self.what])


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether something is allowed at a moment, and through what: any deny wins over every grant."""

    grants: tuple[Way, ...] = ()
    denies: tuple[Way, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether it is granted and not denied."""
        return bool(self.grants) and not self.denies


@dataclass(frozen=True, slots=True)
class Saying:
    """What a profile says: about which operations, or which right."""

    kind: Literal["grant", "deny", "right"]
    way: Way
    about: tuple[str, ...]


class Access:
    """The effective access of a configuration. Nothing is computed before it is asked for."""

    def __init__(self, configuration: Configuration, resolve: Resolve) -> None:
        """Take the configuration, and what tells which operations a name means."""
        self._configuration, self._resolve = configuration, resolve
        self._profiles = {one.name: one for one in configuration.profiles}
        self._said: dict[str, tuple[Saying, ...]] = {}
        self._known: dict[Hashable, Any] = {}

    @cached_property
    def _collections(self) -> Mapping[str, tuple[str, ...]]:
        return {one.name: tuple(self._resolve(one.operations)) for one in self._configuration.collections}

    def _kept(self, key: Hashable, compute: Callable[[], _T]) -> _T:
        """What was computed before for the same set of profiles: many callers have few different ones."""
        if key not in self._known:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[key] = compute()
        kept: _T = self._known[key]
        return kept

    def sayings(self, principal: Principal) -> Iterator[Saying]:
        """All that the profiles of somebody say, with when they say it. Profiles that only bind grant nothing."""
        for held, origin, binds_only in principal.held:
            for saying in self.of_profile(held.name):
                window = saying.way.window.meet(held.window)
                if window.empty or (binds_only and saying.kind != "deny"):
                    continue
                way = Way(origin, saying.way.line, saying.way.what, window, saying.way.place)
                yield Saying(saying.kind, way, saying.about)

    def of_profile(self, name: str) -> tuple[Saying, ...]:
        """All that a profile says, itself or because it inherits it."""
        if name not in self._said:
            lines = lines_of(name, self._profiles)
            self._said[name] = tuple(one for line in lines.values() for one in self._own(line))
        return self._said[name]

    def _own(self, line: tuple[str, ...]) -> Iterator[Saying]:
        profile: Profile = self._profiles[line[-1]]
        for grant in profile.grants:
            way = Way("", line, str(grant.reach), grant.window, grant.reach.place)
            yield Saying("grant", way, self.operations_of(grant.reach))
        for deny in profile.denies:
            yield Saying("deny", Way("", line, str(deny), ALWAYS, deny.place), self.operations_of(deny))
        for right in profile.rights:
            yield Saying("right", Way("", line, right.name, ALWAYS, right.place), (right.name,))

    def operations_of(self, reach: Reach) -> tuple[str, ...]:
        """The operations that a grant or a deny is about."""
        if reach.kind == "collection":
            return self._collections.get(reach.name, ())
        return tuple(self._resolve([Reference(reach.name, reach.place)]))

    def at(self, principal: Principal, moment: float) -> Mapping[str, Verdict]:
        """What is granted or denied somebody at a Unix second, by operation."""
        return self._kept(("at", principal.held, moment), lambda: self._at(principal, moment))

    def _at(self, principal: Principal, moment: float) -> Mapping[str, Verdict]:
        grants: dict[str, dict[Way, None]] = {}
        denies: dict[str, dict[Way, None]] = {}
        for saying in self.sayings(principal):
            if saying.kind != "right" and saying.way.window.holds(moment):
                found = grants if saying.kind == "grant" else denies
                for operation in saying.about:
                    found.setdefault(operation, {})[saying.way] = None
        return {
            operation: Verdict(tuple(grants.get(operation, ())), tuple(denies.get(operation, ())))
            for operation in {**grants, **denies}
        }

    def rights(self, principal: Principal, moment: float) -> Mapping[str, tuple[Way, ...]]:
        """The console rights of somebody at a Unix second, each with the ways to it."""
        return self._kept(("rights", principal.held, moment), lambda: self._rights(principal, moment))

    def _rights(self, principal: Principal, moment: float) -> Mapping[str, tuple[Way, ...]]:
        rights: dict[str, tuple[Way, ...]] = {}
        for saying in self.sayings(principal):
            if saying.kind == "right" and saying.way.window.holds(moment):
                rights[saying.about[0]] = (*rights.get(saying.about[0], ()), saying.way)
        return rights

    def moments(self, principal: Principal, now: int) -> tuple[int, ...]:
        """`now`, and every later Unix second at which what the profiles of somebody say changes."""
        return self._kept(("moments", principal.held, now), lambda: self._moments(principal, now))

    def _moments(self, principal: Principal, now: int) -> tuple[int, ...]:
        edges = {
            edge
            for saying in self.sayings(principal)
            for edge in (saying.way.window.since, saying.way.window.until)
            if edge is not None and edge > now
        }
        return (now, *sorted(edges))


def may(access: Access, principal: Principal, right: str, moment: float) -> bool:
    """Whether somebody has a console right at a Unix second. What is no right is had by nobody."""
    return right in access.rights(principal, moment)

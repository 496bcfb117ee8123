"""Effective access: what everybody may call, and through what. The one place in Python that works it out.

The engine works the same out for itself, as bits; a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from yett.access.inheritance import lines_of
from yett.access.policies import Rules, Said
from yett.model.access import ALWAYS, Window
from yett.model.place import Place, Reference

if TYPE_CHECKING:
    from yett.access.principals import Principal
    from yett.model.access import Profile, Reach
    from yett.model.configuration import Configuration

_T = TypeVar("_T")
_MOST_KEPT: Final = 4_096
_BINDING: Final = ("deny", "forbid", "forbid-if")
"""Kinds of what binds whoever the app is, also where a key does not carry the profile."""

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

    by_policy: bool = False
    """Whether a policy says it: what a profile denies may still be public, what a policy forbids may not."""

    def __str__(self) -> str:
        steps = [self.origin] if self.origin else []
        steps += [f"profile {name}" for name in self.line[:1]] + [f"inherits {name}" for name in self.line[1:]]
        return " -> ".join([*steps, self.what])


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether something is allowed at a moment, and through what: any deny wins over every grant.

    `conditions` names the policies that may refuse it, whatever is granted, for what a request says.
    """

    grants: tuple[Way, ...] = ()
    denies: tuple[Way, ...] = ()
    conditions: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether it is granted and not denied."""
        return bool(self.grants) and not self.denies

    @property
    def forbidden(self) -> bool:
        """Whether a policy takes it away, also where it is public."""
        return any(one.by_policy for one in self.denies)


@dataclass(frozen=True, slots=True)
class Saying:
    """What a profile or a policy says: about which operations, or which right."""

    kind: Literal["grant", "deny", "right"] | Said
    way: Way
    about: tuple[str, ...]


class Access:
    """The effective access of a configuration. Nothing is computed before it is asked for."""

    def __init__(self, configuration: Configuration, resolve: Resolve, rules: Rules | None = None) -> None:
        """Take the configuration, what tells which operations a name means, and the policies in force.

        Without `rules`, it is what the profiles give.
        """
        self._configuration, self._resolve = configuration, resolve
        self._rules = rules or Rules(())
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
        """All that is said of somebody, with when it is said. Profiles that only bind grant and permit nothing."""
        for held, origin, binds_only in principal.held:
            for saying in self.of_profile(held.name):
                window = saying.way.window.meet(held.window)
                if window.empty or (binds_only and saying.kind not in _BINDING):
                    continue
                yield Saying(saying.kind, replace(saying.way, origin=origin, window=window), saying.about)
        for said, statement in self._rules.for_anybody(principal):
            yield Saying(said, Way("", (), f"policy {statement.label}", by_policy=True), statement.operations)

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
        for said, statement in self._rules.for_profile(profile.name):
            yield Saying(said, Way("", line, f"policy {statement.label}", by_policy=True), statement.operations)
        for right in profile.rights:
            yield Saying("right", Way("", line, right.name, ALWAYS, right.place), (right.name,))

    def operations_of(self, reach: Reach) -> tuple[str, ...]:
        """The operations that a grant or a deny is about."""
        if reach.kind == "collection":
            return self._collections.get(reach.name, ())
        return tuple(self._resolve([Reference(reach.name, reach.place)]))

    def at(self, principal: Principal, moment: float) -> Mapping[str, Verdict]:
        """What is granted or denied somebody at a Unix second, by operation."""
        return self._kept(("at", *self._who(principal), moment), lambda: self._at(principal, moment))

    def _who(self, principal: Principal) -> tuple[Hashable, ...]:
        """What tells callers of whom the same is said: profiles, and where there are policies, also who they are."""
        own = (principal.kind, principal.app, principal.team) if self._rules.statements else ()
        return (principal.held, principal.api, *own)

    def _at(self, principal: Principal, moment: float) -> Mapping[str, Verdict]:
        found: dict[str, dict[str, dict[Way, None]]] = {}
        for saying in self.sayings(principal):
            if saying.kind != "right" and saying.way.window.holds(moment):
                by_operation = found.setdefault(saying.kind, {})
                for operation in saying.about:
                    if not principal.api or operation.startswith(f"{principal.api}:"):
                        by_operation.setdefault(operation, {})[saying.way] = None
        said = {kind: found.get(kind, {}) for kind in ("grant", "deny", "forbid", "permit", "forbid-if", "permit-if")}
        about = {**said["grant"], **said["deny"], **said["forbid"], **said["forbid-if"]}
        return {one: self._verdict(principal, one, said) for one in dict.fromkeys((*about, *self._closed))}

    def _verdict(
        self, principal: Principal, operation: str, said: Mapping[str, Mapping[str, Mapping[Way, None]]]
    ) -> Verdict:
        of = {kind: tuple(ways.get(operation, ())) for kind, ways in said.items()}
        denies, conditions = (*of["deny"], *of["forbid"]), of["forbid-if"]
        if operation in self._closed and not of["permit"]:
            conditions += of["permit-if"]
            if not of["permit-if"]:
                lacking, through_agent = self._unpermitted(principal, operation)
                denies, conditions = (*denies, *lacking), (*conditions, *through_agent)
        labels = dict.fromkeys(one.what.removeprefix("policy ") for one in conditions)
        return Verdict(of["grant"], denies, tuple(labels))

    def _unpermitted(self, principal: Principal, operation: str) -> tuple[tuple[Way, ...], tuple[Way, ...]]:
        """What denies an operation that no permit gives somebody; a user may find an agent to whom one gives it."""
        permits = self._rules.permits_of(operation)
        agents = [one for one in permits if principal.kind == "user" and one.caller and one.caller[0] != "profile"]
        if agents:
            return (), tuple(Way("", (), f"policy {one.label}", by_policy=True) for one in agents)
        labels = ", ".join(dict.fromkeys(one.label for one in permits))
        return (Way("", (), f"policy {labels} permits it to others", by_policy=True),), ()

    @cached_property
    def _closed(self) -> frozenset[str]:
        return self._rules.closed

    def rights(self, principal: Principal, moment: float) -> Mapping[str, tuple[Way, ...]]:
        """The console rights of somebody at a Unix second, each with the ways to it."""
        return self._kept(("rights", *self._who(principal), moment), lambda: self._rights(principal, moment))

    def _rights(self, principal: Principal, moment: float) -> Mapping[str, tuple[Way, ...]]:
        rights: dict[str, tuple[Way, ...]] = {}
        for saying in self.sayings(principal):
            if saying.kind == "right" and saying.way.window.holds(moment):
                rights[saying.about[0]] = (*rights.get(saying.about[0], ()), saying.way)
        return rights

    def moments(self, principal: Principal, now: int) -> tuple[int, ...]:
        """`now`, and every later Unix second at which what the profiles of somebody say changes."""
        return self._kept(("moments", *self._who(principal), now), lambda: self._moments(principal, now))

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

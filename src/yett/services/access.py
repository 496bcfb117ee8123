"""Questions about access: who may call something, what somebody may do, and what a change would change."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from yett.access.effective import Access, Verdict, Way
from yett.access.matrix import Matrix, matrix
from yett.access.principals import Principal, callers, find
from yett.access.spans import CONSOLE, Change, changes, picture, ways_against, ways_to, windows
from yett.errors import ConfigurationError, YettError
from yett.model.access import Window
from yett.model.rights import RIGHTS
from yett.model.suggestion import did_you_mean
from yett.services.assembly import Assembly, access_of, assemble


@dataclass(frozen=True, slots=True)
class Scene:
    """A configuration without mistakes, its effective access, and the Unix second of the question."""

    assembly: Assembly
    access: Access
    now: int
    operations: tuple[str, ...]
    public: frozenset[str]

    def matrix(self) -> Matrix:
        """Every caller by every operation."""
        return matrix(self.assembly.configuration, self.access, self.operations, self.public, self.now)


def read_scene(path: str, environment: Mapping[str, str], *, now: float | None = None) -> Scene:
    """The scene of the configuration at `path`; keys need not be there. Raises `ConfigurationError` for mistakes."""
    assembly = assemble(path, environment, need_secrets=False)
    if not assembly.sound:
        raise ConfigurationError(assembly.diagnostics)
    operations: dict[str, bool] = {}
    for api in assembly.configuration.apis:
        own = {one.operation_id: one.public for one in api.operations}
        for operation in assembly.contracts[api.name].operations:
            public = own.get(operation.operation_id)
            operations[f"{api.name}:{operation.operation_id}"] = api.identify.public if public is None else public
    return Scene(
        assembly=assembly,
        access=access_of(assembly),
        now=int(time.time() if now is None else now),
        operations=tuple(operations),
        public=frozenset(name for name, public in operations.items() if public),
    )


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody, when they may, and the ways that lead there, or that are denied them."""

    principal: Principal
    windows: tuple[Window, ...]
    grants: tuple[Way, ...]
    denies: tuple[Way, ...]

    @property
    def may_now(self) -> bool:
        """Whether they may at the moment of the question."""
        return bool(self.windows) and self.windows[0].since is None


@dataclass(frozen=True, slots=True)
class WhoCan:
    """Who may call an operation, or has a right, now or later; and who would, were it not denied them."""

    what: str
    public: bool
    holders: tuple[Holder, ...]
    denied: tuple[Holder, ...]


def who_can(scene: Scene, what: str) -> WhoCan:
    """Who may call the operation, or has the right, `what`. Raises `YettError` where it is neither."""
    if what not in scene.operations and what not in RIGHTS:
        hint = did_you_mean(what, (*scene.operations, *RIGHTS))
        raise YettError(f"there is no operation and no right `{what}`", code="unknown-operation", hint=hint)
    key = what if what in scene.operations else f"{CONSOLE}{what}"
    found = [_holder(scene, one, key) for one in callers(scene.assembly.configuration)]
    holders = tuple(one for one in found if one.windows)
    denied = tuple(one for one in found if not one.windows and one.grants and one.denies)
    return WhoCan(what, what in scene.public, holders, denied)


def _holder(scene: Scene, principal: Principal, what: str) -> Holder:
    when = windows(scene.access, principal, scene.now).get(what, ())
    first = when[0] if when else Window()
    grants = ways_to(scene.access, principal, what, first, scene.now)
    return Holder(principal, when, grants, ways_against(scene.access, principal, what, first, scene.now))


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation or right of somebody: when they have it, through what, and what denies it."""

    what: str
    windows: tuple[Window, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class AccessOf:
    """All that somebody may call and do, or is denied; `acting_for` is the user for whom an agent was asked."""

    principal: Principal
    acting_for: Principal | None
    operations: tuple[Entry, ...]
    rights: tuple[Entry, ...]
    public: tuple[str, ...]


def access_of_principal(scene: Scene, name: str, *, acting_for: str | None = None) -> AccessOf:
    """The effective access of the principal `name`; of an agent, also while it acts for a user.

    Raises `YettError` where there is no such principal, and where somebody else than an agent is to act for a user.
    """
    principal = find(name, scene.assembly.configuration)
    user = None if acting_for is None else _user(scene, principal, acting_for)
    own = _entries(scene, principal)
    if user is not None:
        of_user = {one.what: one for one in _entries(scene, user)}
        own = [_both(one, of_user[one.what]) for one in own if one.what in of_user]
    operations = tuple(one for one in own if not one.what.startswith(CONSOLE))
    rights = tuple(one for one in own if one.what.startswith(CONSOLE))
    public = tuple(one for one in scene.operations if one in scene.public)
    return AccessOf(principal, user, operations, () if user else rights, public)


def _user(scene: Scene, principal: Principal, name: str) -> Principal:
    if not principal.agent:
        hint = "set `agent: true` on the app"
        raise YettError(f"`{principal.name}` is no agent, so it acts for nobody", code="no-agent", hint=hint)
    return find(name if name.startswith("user:") else f"user:{name}", scene.assembly.configuration)


def _entries(scene: Scene, principal: Principal) -> list[Entry]:
    when = windows(scene.access, principal, scene.now)
    verdicts = scene.access.at(principal, scene.now)
    entries = []
    for what in {**verdicts, **when}:
        first = when[what][0] if what in when else Window()
        grants = ways_to(scene.access, principal, what, first, scene.now)
        denies = ways_against(scene.access, principal, what, first, scene.now)
        entries.append(Entry(what, when.get(what, ()), Verdict(grants, denies)))
    return entries


def _both(one: Entry, other: Entry) -> Entry:
    """What both have, when both have it."""
    when = tuple(both for a in one.windows for b in other.windows if not (both := a.meet(b)).empty)
    verdict = Verdict((*one.verdict.grants, *other.verdict.grants), (*one.verdict.denies, *other.verdict.denies))
    return Entry(one.what, when, verdict)


def access_changes(before: Scene, after: Scene) -> list[Change]:
    """Who gains and who loses what, from the later of the two moments on, and through what."""
    now = max(before.now, after.now)
    pictures = [picture(one.assembly.configuration, one.access, one.public, now) for one in (before, after)]
    principals = [{str(one): one for one in callers(scene.assembly.configuration)} for scene in (before, after)]
    found = []
    for change in changes(*pictures):
        scene, known = (after, principals[1]) if change.change == "gained" else (before, principals[0])
        principal = known.get(change.principal)
        ways = ways_to(scene.access, principal, change.what, change.window, now) if principal else ()
        through = [str(one) for one in ways] or ["public"]
        still = principals[1].get(change.principal)
        if change.change == "lost" and still is not None:
            against = ways_against(after.access, still, change.what, change.window, now)
            through = [f"denied: {one}" for one in against] or through
        found.append(replace(change, through=tuple(through)))
    return found

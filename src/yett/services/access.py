"""Questions about access: who may call something, what somebody may do, and what a change would change."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from yett.access.effective import Access, Verdict, Way
from yett.access.matrix import Matrix, matrix
from yett.access.policies import Rules
from yett.access.principals import ANYONE, Principal, callers, find, without_credential
from yett.access.spans import CONSOLE, Change, changes, picture, ways_against, ways_to, windows
from yett.errors import ConfigurationError, SnapshotRefusedError, YettError
from yett.gateway import policy_statements
from yett.model.access import Window
from yett.model.rights import RIGHTS
from yett.model.suggestion import did_you_mean
from yett.services.assembly import Assembly, access_of, assemble
from yett.services.refusals import refused_places


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
    """The scene of the configuration at `path`, with its policies; keys need not be there.

    Raises `ConfigurationError` for mistakes, and `NativeMissingError` where there are policies and nothing built that
    understands them.
    """
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
        access=access_of(assembly, _rules(assembly)),
        now=int(time.time() if now is None else now),
        operations=tuple(operations),
        public=frozenset(name for name, public in operations.items() if public),
    )


def _rules(assembly: Assembly) -> Rules | None:
    if not assembly.configuration.policies:
        return None
    try:
        return Rules.of(policy_statements(assembly.snapshot()))
    except SnapshotRefusedError as error:
        raise ConfigurationError(refused_places(assembly, error.diagnostics)) from None


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody, when they may, and the ways that lead there, or that are denied them.

    `conditions` names the policies that may refuse it for what a request says.
    """

    principal: Principal
    windows: tuple[Window, ...]
    grants: tuple[Way, ...]
    denies: tuple[Way, ...]
    conditions: tuple[str, ...] = ()

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
    found = [_holder(scene, one, key) for one in (*_unnamed(scene, what), *callers(scene.assembly.configuration))]
    holders = tuple(one for one in found if one.windows)
    denied = tuple(one for one in found if not one.windows and one.grants and one.denies)
    return WhoCan(what, what in scene.public and not _forbidden_to_all(scene, what), holders, denied)


def _unnamed(scene: Scene, what: str) -> list[Principal]:
    """Whoever shows no credential, where `what` is an operation."""
    nobody = without_credential(scene.assembly.configuration).get(what.partition(":")[0])
    return [nobody] if nobody is not None and what in scene.operations else []


def _forbidden_to_all(scene: Scene, what: str) -> bool:
    verdicts = (scene.access.at(one, scene.now).get(what) for one in _unnamed(scene, what))
    return any(verdict.forbidden for verdict in verdicts if verdict)


def _holder(scene: Scene, principal: Principal, what: str) -> Holder:
    when = windows(scene.access, principal, scene.now).get(what, ())
    first = when[0] if when else Window()
    grants = ways_to(scene.access, principal, what, first, scene.now)
    against = ways_against(scene.access, principal, what, first, scene.now)
    return Holder(principal, when, grants, against, _conditions(scene, principal, what, first))


def _conditions(scene: Scene, principal: Principal, what: str, window: Window) -> tuple[str, ...]:
    verdict = scene.access.at(principal, scene.now if window.since is None else window.since).get(what)
    return verdict.conditions if verdict else ()


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
    if name == ANYONE:
        return _access_of_anyone(scene)
    principal = find(name, scene.assembly.configuration)
    user = None if acting_for is None else _user(scene, principal, acting_for)
    own = _entries(scene, principal)
    if user is not None:
        of_user = {one.what: one for one in _entries(scene, user)}
        own = [_both(one, of_user[one.what]) for one in own if one.what in of_user]
    operations = tuple(one for one in own if not one.what.startswith(CONSOLE))
    rights = tuple(one for one in own if one.what.startswith(CONSOLE))
    return AccessOf(principal, user, operations, () if user else rights, _public_to(scene, [principal]))


def _access_of_anyone(scene: Scene) -> AccessOf:
    """What may be called without a credential, API by API."""
    unnamed = list(without_credential(scene.assembly.configuration).values())
    found = tuple(entry for one in unnamed for entry in _entries(scene, one))
    return AccessOf(Principal("anonymous", ANYONE, ()), None, found, (), _public_to(scene, unnamed))


def _public_to(scene: Scene, principals: Sequence[Principal]) -> tuple[str, ...]:
    """What is public, and forbidden by no policy to any of these."""
    verdicts = [scene.access.at(one, scene.now) for one in principals]
    forbidden = {name for found in verdicts for name, verdict in found.items() if verdict.forbidden}
    return tuple(one for one in scene.operations if one in scene.public and one not in forbidden)


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
        if not grants and what not in when and all(one.by_policy for one in denies):
            continue  # what policies take from whoever has nothing
        conditions = _conditions(scene, principal, what, first)
        entries.append(Entry(what, when.get(what, ()), Verdict(grants, denies, conditions)))
    return entries


def _both(one: Entry, other: Entry) -> Entry:
    """What both have, when both have it."""
    when = tuple(both for a in one.windows for b in other.windows if not (both := a.meet(b)).empty)
    grants, denies = (
        (*one.verdict.grants, *other.verdict.grants),
        (*one.verdict.denies, *other.verdict.denies),
    )
    conditions = dict.fromkeys((*one.verdict.conditions, *other.verdict.conditions))
    verdict = Verdict(grants, denies, tuple(conditions))
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
    return [*found, *_conditioned(before, after, principals, now)]


def _conditioned(
    before: Scene, after: Scene, principals: Sequence[Mapping[str, Principal]], now: int
) -> Iterator[Change]:
    """What somebody may call in both, under other policies."""
    for name, principal in principals[1].items():
        if name not in principals[0]:
            continue
        old, new = before.access.at(principals[0][name], now), after.access.at(principal, now)
        for operation, verdict in new.items():
            was = old.get(operation, Verdict())
            if not (verdict.allowed and was.allowed) or set(verdict.conditions) == set(was.conditions):
                continue
            through = [f"under policy {one}" for one in verdict.conditions if one not in was.conditions]
            through += [f"no longer under policy {one}" for one in was.conditions if one not in verdict.conditions]
            yield Change(name, operation, "conditioned", Window(), tuple(through))

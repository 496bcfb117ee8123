"""Versions of APIs: which there are, what goes when, who still calls it, and what has changed between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from yett.compile.versions import join_retirements
from yett.contract.diff.reports.groups import TITLES
from yett.contract.diff.reports.markdown import plain
from yett.errors import YettError
from yett.model.suggestion import did_you_mean
from yett.services.diff import Difference, compare
from yett.services.usage import Usage, Use

if TYPE_CHECKING:
    from yett.model.api import Api
    from yett.model.version import Retirement
    from yett.services.access import Scene

State = Literal["active", "deprecated", "brownout", "retired"]

_SAFE: Final = TITLES["safe"]
STEPS: Final = (90, 30, 7, 1)
"""How many days before the sunset those who still call are told again."""


@dataclass(frozen=True, slots=True)
class Going:
    """An operation that goes: its state now, and its retirement."""

    operation: str
    state: State
    retirement: Retirement


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One API as a version: of what, which, how a request says so, the state of all of it, and operations that go."""

    of: str
    version: str
    api: str
    contract_version: str
    placed: str
    state: State
    going: tuple[Going, ...]


@dataclass(frozen=True, slots=True)
class Caller:
    """An app that still calls an operation that goes."""

    app: str
    team: str
    operation: str
    use: Use


@dataclass(frozen=True, slots=True)
class Notice:
    """What a team is to be told on a day: of which app, about which operation, and why on this day."""

    team: str
    app: str
    operation: str
    reason: str
    sunset: str
    guide: str
    requests: int


def list_versions(scene: Scene) -> tuple[VersionRow, ...]:
    """Every API as a version, those of the same thing together, in the order of the configuration."""
    rows = [_row(api, scene) for api in scene.assembly.configuration.apis]
    first = {row.of: number for number, row in reversed(list(enumerate(rows)))}
    return tuple(sorted(rows, key=lambda row: first[row.of]))


def _row(api: Api, scene: Scene) -> VersionRow:
    contract = scene.assembly.contracts[api.name]
    version = api.version
    going = tuple(_going(api, scene))
    state = "active" if api.retirement is None else state_of(api.retirement, scene.now)
    placed = f"path {api.base_path}"
    if version is not None and version.at is not None:
        placed = f"{version.at.kind} {version.at.name}"
    of, name = (version.of, version.name) if version is not None else (api.name, contract.version)
    return VersionRow(of, name, api.name, contract.version, placed, state, going)


def _going(api: Api, scene: Scene) -> Iterator[Going]:
    own = {one.operation_id: one.retirement for one in api.operations}
    for operation in scene.assembly.contracts[api.name].operations:
        retirement = join_retirements(api.retirement, own.get(operation.operation_id))
        if retirement is not None:
            yield Going(f"{api.name}:{operation.operation_id}", state_of(retirement, scene.now), retirement)


def state_of(retirement: Retirement, now: float) -> State:
    """The state at a Unix second, as the gateway enforces it."""
    if retirement.sunset_at is not None and retirement.sunset_at <= now:
        return "retired"
    if any(one.since <= now < one.until for one in retirement.brownouts):
        return "brownout"
    told = retirement.deprecated_at
    return "deprecated" if told is not None and told <= now else "active"


def still_called(scene: Scene, usage: Usage) -> tuple[Caller, ...]:
    """Who still calls what goes, the busiest first."""
    teams = {app.name: app.team.name for app in scene.assembly.configuration.apps}
    going = {one.operation for row in list_versions(scene) for one in row.going if one.state != "active"}
    found = [
        Caller(app, teams.get(app, ""), operation, use) for (operation, app), use in usage.items() if operation in going
    ]
    return tuple(sorted(found, key=lambda one: (-one.use.requests, one.operation, one.app)))


def notices(scene: Scene, usage: Usage, on: date) -> tuple[Notice, ...]:
    """What is to be told on a day, to the teams whose apps still call.

    They are told when it is announced, at each of `STEPS` before the sunset, and on the day before a brownout.
    """
    going = {one.operation: one.retirement for row in list_versions(scene) for one in row.going}
    teams = {app.name: app.team.name for app in scene.assembly.configuration.apps}
    found = []
    for (operation, app), use in sorted(usage.items()):
        retirement = going.get(operation)
        reason = _reason(retirement, on) if retirement is not None else ""
        if retirement is not None and reason and app in teams:
            sunset = "" if retirement.sunset_at is None else _day(retirement.sunset_at).isoformat()
            guide = retirement.guide or ""
            found.append(Notice(teams[app], app, operation, reason, sunset, guide, use.requests))
    return tuple(found)


def _reason(retirement: Retirement, on: date) -> str:
    if retirement.deprecated_at is not None and _day(retirement.deprecated_at) == on:
        return "it is deprecated from today on"
    for brownout in retirement.brownouts:
        if _day(brownout.since) - timedelta(days=1) == on:
            begins = datetime.fromtimestamp(brownout.since, UTC)
            return f"it is switched off for a while tomorrow, from {begins:%H:%M} UTC"
    if retirement.sunset_at is not None:
        left = (_day(retirement.sunset_at) - on).days
        if left in STEPS:
            return f"it is gone in {left} {'day' if left == 1 else 'days'}"
    return ""


def _day(second: int) -> date:
    return datetime.fromtimestamp(second, UTC).date()


Step = tuple[VersionRow, VersionRow, Difference]
"""A version, the next one, and what is different."""


def changes_between(scene: Scene, of: str) -> Sequence[Step]:
    """What has changed from each version of something to the next, the newest first.

    Raises `YettError` where there is no such thing, or only one version of it.
    """
    rows = [row for row in list_versions(scene) if row.of == of]
    if not rows:
        known = sorted({row.of for row in list_versions(scene)})
        raise YettError(f"nothing is a version of `{of}`", code="version-unknown", hint=did_you_mean(of, known))
    contracts = {api.name: Path(api.contract) for api in scene.assembly.configuration.apis}
    rows.sort(key=lambda row: _order(row.contract_version))
    if len(rows) < 2:
        hint = "versions say what they have in common: `version: {of: NAME, is: ...}`"
        raise YettError(f"there is one version of `{of}` only", code="version-alone", hint=hint)
    pairs = pairwise(rows)
    found = [(old, new, compare(contracts[old.api], contracts[new.api])) for old, new in pairs]
    return found[::-1]


def _order(version: str) -> tuple[tuple[int, str], ...]:
    """Versions in the order of their numbers: 2.10 is after 2.9."""
    return tuple((int(part), "") if part.isdigit() else (0, part) for part in version.replace("-", ".").split("."))


def changelog_text(of: str, steps: Sequence[Step], *, guide: bool) -> str:
    """Markdown with what has changed at each step; as a `guide`, only what callers must see to."""
    parts = [f"# {'Moving on' if guide else 'Changes'}: {of}\n"]
    for old, new, difference in steps:
        text = difference.report("markdown").split("\n", 1)[1]
        if guide:
            text = _must(text, difference)
        parts.append(f"## From {old.version} to {new.version}\n{_deeper(text)}")
    return "\n".join(parts)


def _must(text: str, difference: Difference) -> str:
    """The summary, the parts about what breaks or may break, and what is gone: it was announced, and is missed."""
    head, *parts = text.rstrip().split("\n## ")
    kept = [part.rstrip() for part in parts if not part.startswith(_SAFE)]
    gone = [
        f"- {plain(one.name)}" for one in difference.comparison.changes if one.kind == "operation-removed-after-sunset"
    ]
    if gone:
        kept.append("\n".join(["Gone, as announced\n", *gone]))
    told = "\n\n## ".join([head.rstrip(), *kept])
    return f"{told}\n" if kept else f"{told}\n\nNothing that you call has to change.\n"


def _deeper(text: str) -> str:
    return text.replace("\n### ", "\n#### ").replace("\n## ", "\n### ")

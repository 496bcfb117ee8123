"""Apps that may call as often as they like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from yett.access.inheritance import lines_of
from yett.governance.settings import Remark, Settings, SettingsRule

if TYPE_CHECKING:
    from yett.model.access import App


def _look(settings: Settings) -> Iterator[Remark]:
    for app in settings.configuration.apps:
        reached = _apis_of(settings, app.name)
        bare = sorted(name for name in reached if not _is_limited(settings, app, name))
        if bare:
            yield Remark(app.place, f"nothing limits what `{app.name}` asks of {', '.join(bare)}")


def _apis_of(settings: Settings, app: str) -> set[str]:
    caller = next(one for one in settings.callers if str(one) == f"app:{app}")
    verdicts = settings.access.at(caller, settings.now)
    return {name.partition(":")[0] for name, verdict in verdicts.items() if verdict.allowed}


def _is_limited(settings: Settings, app: App, name: str) -> bool:
    configuration = settings.configuration
    api = next(one for one in configuration.apis if one.name == name)
    profiles = {one.name: one for one in configuration.profiles}
    team = next((one for one in configuration.teams if one.name == app.team.name), None)
    held = [one.name for one in (*app.profiles, *(team.profiles if team else ()))]
    lines = [line for one in held for line in lines_of(one, profiles)]
    limits = [*app.limits, *api.limits, *(limit for line in lines for limit in profiles[line].limits)]
    return any(limit.by == "app" for limit in limits)


RULE = SettingsRule(
    id="settings-app-unlimited",
    severity="warn",
    title="An app has no limit of its own",
    why="An app that runs wild, or whose key is stolen, takes what all others need; limits by address do not see it.",
    fix="give one of its profiles, the app, or the API limits: limits: [{requests: 100, per: minute}]",
    good="""\
profiles: [{name: reader, grants: [{operation: shop:listBooks}], limits: [{requests: 10, per: minute}]}]
""",
    bad="""\
profiles: [{name: reader, grants: [{operation: shop:listBooks}]}]
""",
    look=_look,
)

"""APIs that nobody answers for."""

from __future__ import annotations

from collections.abc import Iterator

from yett.governance.settings import Remark, Settings, SettingsRule


def _look(settings: Settings) -> Iterator[Remark]:
    for api in settings.configuration.apis:
        if api.owner is None:
            yield Remark(api.place, f"nobody answers for `{api.name}`")


RULE = SettingsRule(
    id="settings-owner-missing",
    severity="warn",
    title="An API has no owner",
    why="When it breaks, is attacked or has to change, nobody knows whom to ask.",
    fix="name the team with `owner`",
    good="""\
apis: [{name: shop, owner: crew}]
""",
    bad="""\
apis: [{name: shop, owner: null}]
""",
    look=_look,
)

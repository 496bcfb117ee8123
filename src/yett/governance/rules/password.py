"""Passwords in every request."""

from __future__ import annotations

from collections.abc import Iterator

from yett.governance.settings import Remark, Settings, SettingsRule


def _look(settings: Settings) -> Iterator[Remark]:
    for api in settings.configuration.apis:
        if api.identify.basic:
            yield Remark(api.place, f"`{api.name}` takes passwords (HTTP Basic)")


RULE = SettingsRule(
    id="settings-password",
    severity="warn",
    title="Passwords are sent with every request",
    why="A password is chosen by a person, used elsewhere too, and lies in every request that anybody records.",
    fix="use keys, tokens or certificates; Basic is for what can do nothing else",
    good="""\
apis: [{name: shop, identify: [api-key]}]
""",
    bad="""\
apis: [{name: shop, identify: [basic]}]
""",
    look=_look,
)

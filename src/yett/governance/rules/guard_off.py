"""A guard that is off protects nothing."""

from __future__ import annotations

from collections.abc import Iterator

from yett.governance.settings import Remark, Settings, SettingsRule


def _look(settings: Settings) -> Iterator[Remark]:
    for api, guard, mode in settings.modes():
        if mode == "off" and guard != "contract.responses":
            yield Remark(api.place, f"the guard `{guard}` of `{api.name}` is off")


RULE = SettingsRule(
    id="settings-guard-off",
    severity="error",
    title="A guard is switched off",
    why="What a guard would stop reaches the upstream, and nobody sees that it did.",
    fix="set it to enforce; or to monitor, to see first what it would refuse",
    good="""\
apis: [{name: shop, guards: {limits: {mode: enforce}}}]
""",
    bad="""\
apis: [{name: shop, guards: {limits: {mode: off}}}]
""",
    look=_look,
)

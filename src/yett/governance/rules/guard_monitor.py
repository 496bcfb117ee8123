"""A guard that only watches lets everything pass."""

from __future__ import annotations

from collections.abc import Iterator

from yett.governance.settings import Remark, Settings, SettingsRule


def _look(settings: Settings) -> Iterator[Remark]:
    for api, guard, mode in settings.modes():
        # Answers are watched by default: that is for the rule about answers.
        if mode == "monitor" and guard != "contract.responses":
            yield Remark(api.place, f"the guard `{guard}` of `{api.name}` only watches")


RULE = SettingsRule(
    id="settings-guard-monitor",
    severity="warn",
    title="A guard is left in monitor",
    why="A guard in monitor refuses nothing: it is a step on the way to enforce, not a place to stay.",
    fix="enforce it, or waive this with an owner, a reason and the day by which it is decided",
    good="""\
apis: [{name: shop, guards: {contract: {mode: enforce}}}]
""",
    bad="""\
apis: [{name: shop, guards: {contract: {mode: monitor}}}]
""",
    look=_look,
)

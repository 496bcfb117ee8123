"""Patterns of the contract that are not enforced."""

from __future__ import annotations

from collections.abc import Iterator

from yett.governance.settings import Remark, Settings, SettingsRule


def _look(settings: Settings) -> Iterator[Remark]:
    for api in settings.configuration.apis:
        if api.patterns == "unenforced":
            yield Remark(api.place, f"patterns of `{api.name}` that cannot run in linear time are left out")


RULE = SettingsRule(
    id="settings-patterns-unenforced",
    severity="warn",
    title="Patterns are left out",
    why="A pattern that is not run lets everything pass that it was written to stop.",
    fix="write the patterns so that they run in linear time (no look-around, no back-references)",
    good="""\
apis: [{name: shop, guards: {contract: {patterns: refuse}}}]
""",
    bad="""\
apis: [{name: shop, guards: {contract: {patterns: unenforced}}}]
""",
    look=_look,
)

"""Answers that nobody holds against the contract."""

from __future__ import annotations

from collections.abc import Iterator

from yett.governance.settings import Remark, Settings, SettingsRule


def _look(settings: Settings) -> Iterator[Remark]:
    for api in settings.configuration.apis:
        mode = api.guards.contract.responses
        if mode != "enforce":
            done = "only watched" if mode == "monitor" else "not looked at"
            yield Remark(api.place, f"answers of `{api.name}` that do not fit the contract are {done}")


RULE = SettingsRule(
    id="settings-answers-unchecked",
    severity="info",
    title="Answers are not held against the contract",
    why="An upstream that answers more than the contract says leaks it to every caller.",
    fix="set guards.contract.responses to enforce once the log shows no answer that would be refused",
    good="""\
apis: [{name: shop, guards: {contract: {responses: enforce}}}]
""",
    bad="""\
apis: [{name: shop, guards: {contract: {responses: monitor}}}]
""",
    look=_look,
)

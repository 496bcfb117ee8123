"""APIs that are answered with examples."""

from __future__ import annotations

from collections.abc import Iterator

from yett.governance.settings import Remark, Settings, SettingsRule


def _look(settings: Settings) -> Iterator[Remark]:
    for api in settings.configuration.apis:
        if api.mock:
            yield Remark(api.place, f"`{api.name}` is answered with examples of its contract")


RULE = SettingsRule(
    id="settings-mocked",
    severity="warn",
    title="An API is answered with examples",
    why="Callers take the examples for the truth.",
    fix="take `mock` away once the upstream is there",
    good="""\
apis: [{name: shop, mock: false}]
""",
    bad="""\
apis: [{name: shop, mock: true}]
""",
    look=_look,
)

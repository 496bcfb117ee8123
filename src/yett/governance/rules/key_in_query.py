"""Keys in addresses."""

from __future__ import annotations

from collections.abc import Iterator

from yett.governance.settings import Remark, Settings, SettingsRule


def _look(settings: Settings) -> Iterator[Remark]:
    for api in settings.configuration.apis:
        key = api.identify.api_key
        if key is not None and key.query is not None:
            yield Remark(api.place, f"`{api.name}` takes keys from the parameter `{key.query}`")


RULE = SettingsRule(
    id="settings-key-in-query",
    severity="warn",
    title="Keys are taken from the query string",
    why="Addresses are kept in histories, logs and referrers; so are the keys in them.",
    fix="take `query` away from `api-key`; callers send the header",
    good="""\
apis: [{name: shop, identify: [api-key]}]
""",
    bad="""\
apis: [{name: shop, identify: {api-key: {query: key}}}]
""",
    look=_look,
)

"""Bodies that are larger than anybody needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from yett.governance.settings import Remark, Settings, SettingsRule

_LARGE: Final = 16 << 20


def _look(settings: Settings) -> Iterator[Remark]:
    for api in settings.configuration.apis:
        if api.max_body_bytes > _LARGE:
            yield Remark(api.place, f"`{api.name}` takes bodies of {api.max_body_bytes >> 20} MiB at every operation")


RULE = SettingsRule(
    id="settings-body-large",
    severity="info",
    title="Large bodies are taken",
    why="A body that has to be seen whole lies in memory while it is judged: many of them at once are an attack.",
    fix="lower `max_body`, and raise it for the operations that need it alone",
    good="""\
apis: [{name: shop, max_body: 1MiB}]
""",
    bad="""\
apis: [{name: shop, max_body: 100MiB}]
""",
    look=_look,
)

"""Keys that are good for ever."""

from __future__ import annotations

from collections.abc import Iterator

from yett.governance.settings import Remark, Settings, SettingsRule


def _look(settings: Settings) -> Iterator[Remark]:
    for app in settings.configuration.apps:
        for key in app.keys:
            if key.expires_at is None:
                yield Remark(key.place, f"a key of `{app.name}` is good for ever")


RULE = SettingsRule(
    id="settings-key-forever",
    severity="info",
    title="A key never expires",
    why="A key that was lost years ago still opens the door, and nobody remembers where it lies.",
    fix="say until when it is good with `expires`, and rotate it with `yett key rotate` before",
    good="""\
apps: [{name: reader-app, team: crew, profiles: [reader], keys: [{env: READER_KEY, expires: 2030-01-01}]}]
""",
    bad="""\
apps: [{name: reader-app, team: crew, profiles: [reader], keys: [{env: READER_KEY}]}]
""",
    look=_look,
)

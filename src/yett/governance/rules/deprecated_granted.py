"""Deprecated operations that are still granted."""

from __future__ import annotations

from collections.abc import Iterator

from yett.governance.settings import Remark, Settings, SettingsRule


def _look(settings: Settings) -> Iterator[Remark]:
    old = {
        f"{api.name}:{operation.operation_id}" for api, operation, _ in settings.operations() if operation.deprecated
    }
    for profile in settings.configuration.profiles:
        for grant in profile.grants:
            if grant.reach.name in old:
                yield Remark(
                    grant.reach.place, f"`{profile.name}` is granted `{grant.reach.name}`, which is deprecated"
                )


RULE = SettingsRule(
    id="settings-deprecated-granted",
    severity="info",
    title="A deprecated operation is still granted by name",
    why="Who is granted it begins to use it, and it can never be taken away.",
    fix="grant what comes in its place, and find with `yett access who-can` who still has it",
    good="""\
profiles: [{name: reader, grants: [{operation: shop:listBooks}], limits: [{requests: 10, per: minute}]}]
""",
    bad="""\
profiles: [{name: reader, grants: [{operation: shop:oldBooks}], limits: [{requests: 10, per: minute}]}]
""",
    look=_look,
)

"""Grants of whatever there is, and whatever there will be."""

from __future__ import annotations

from collections.abc import Iterator

from yett.governance.settings import Remark, Settings, SettingsRule


def _look(settings: Settings) -> Iterator[Remark]:
    for profile in settings.configuration.profiles:
        for grant in profile.grants:
            if grant.reach.kind == "operation" and grant.reach.name.endswith(":*"):
                yield Remark(grant.reach.place, f"`{profile.name}` is granted whatever `{grant.reach.name}` will be")
    for collection in settings.configuration.collections:
        for operation in collection.operations:
            if operation.name.endswith(":*"):
                yield Remark(operation.place, f"`{collection.name}` holds whatever `{operation.name}` will be")


RULE = SettingsRule(
    id="settings-wildcard-grant",
    severity="warn",
    title="A grant names no operations",
    why="What is added to the contract tomorrow is granted today, without anybody deciding it.",
    fix="name the operations, or the beginning of their names, in a collection",
    good="""\
profiles: [{name: reader, grants: [{operation: shop:listBooks}], limits: [{requests: 10, per: minute}]}]
""",
    bad="""\
profiles: [{name: reader, grants: [{operation: "shop:*"}], limits: [{requests: 10, per: minute}]}]
""",
    look=_look,
)

"""Operations that change something and are open to anybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from yett.governance.settings import Remark, Settings, SettingsRule

_CHANGING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def _look(settings: Settings) -> Iterator[Remark]:
    for api, operation, place in settings.public():
        if operation.method in _CHANGING:
            name = f"{api.name}:{operation.operation_id}"
            yield Remark(place, f"anybody may call `{name}`, which is a {operation.method}")


RULE = SettingsRule(
    id="settings-public-write",
    severity="error",
    title="Anybody may change something",
    why="Without a credential nobody answers for what was done, and no limit holds against many addresses.",
    fix="take `public` away from the operation and grant it to a profile",
    good="""\
apis: [{name: shop, operations: {listBooks: {public: true}}}]
""",
    bad="""\
apis: [{name: shop, operations: {createBook: {public: true}}}]
""",
    look=_look,
)

"""Gathers what is found, each change once however many operations it shows in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from yett.contract.diff.change import Change
from yett.contract.diff.kinds import KINDS, SEVERITIES
from yett.contract.diff.sides import spot

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yett.contract.diff.change import Way
    from yett.contract.diff.schemas import Found
    from yett.contract.node import Node


class Collector:
    """The changes found so far. `operation` is the one that is being compared, empty outside of any."""

    def __init__(self) -> None:
        self.operation = ""
        self._changes: dict[tuple[Any, ...], Change] = {}
        self._operations: dict[tuple[Any, ...], dict[str, None]] = {}

    def add(
        self,
        kind: str,
        way: Way = "contract",
        where: str = "",
        *,
        old: Node | None = None,
        new: Node | None = None,
        before: Any = None,
        after: Any = None,
        name: str = "",
    ) -> None:
        """Note one change."""
        key = (kind, way, _place(old), _place(new), name, _text(before), _text(after))
        if key not in self._changes:
            severity = KINDS[kind].severity(way)
            self._changes[key] = Change(kind, way, severity, where, before, after, name, (), spot(old), spot(new))
            self._operations[key] = {}
        if self.operation:
            self._operations[key][self.operation] = None

    def add_all(self, found: Iterable[Found], way: Way, where: str) -> None:
        """Note what was found in a schema that stands at `where`."""
        for one in found:
            path = where + "".join(one.path)
            told = {"before": one.before, "after": one.after, "name": one.name}
            self.add(one.kind, way, path, old=one.old, new=one.new, **told)

    def changes(self) -> tuple[Change, ...]:
        """All of them, the worst first, then by operation and place."""
        from dataclasses import replace

        found = [replace(one, operations=tuple(self._operations[key])) for key, one in self._changes.items()]
        return tuple(
            sorted(found, key=lambda one: (SEVERITIES.index(one.severity), one.operations[:1], one.where, one.kind))
        )


def _place(node: Node | None) -> tuple[Any, ...]:
    return () if node is None else (node.source.name, node.path)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)

"""Operations matched by method and path, and compared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from yett.contract.diff.bodies import compare_body, compare_responses
from yett.contract.diff.parameters import compare_parameters
from yett.contract.diff.schemas import SchemaDiff
from yett.contract.diff.security import compare_schemes, compare_security
from yett.contract.templates import template_form

if TYPE_CHECKING:
    from yett.contract.diff.collector import Collector
    from yett.contract.diff.sides import Side
    from yett.contract.node import Node

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_STABILITY: Final = ("draft", "alpha", "beta", "stable")


@dataclass(frozen=True, slots=True)
class Served:
    """An operation with the path item it stands in."""

    method: str
    path: str
    item: Node
    node: Node

    @property
    def name(self) -> str:
        """As callers know it."""
        return f"{self.method.upper()} {self.path}"


def operations_of(side: Side, section: str) -> dict[tuple[str, str], Served]:
    """The operations under `paths` or `webhooks`, by method and the form of the path."""
    found: dict[tuple[str, str], Served] = {}
    for path, item in side.children(side.root, section):
        for method in METHODS:
            node = side.child(item, method)
            if node is not None:
                found.setdefault((method, template_form(path)), Served(method, path, item, node))
    return found


class OperationDiff:
    """Compares the operations of two sides. `today` decides whether an announced day has come."""

    def __init__(self, old: Side, new: Side, collector: Collector, today: date) -> None:
        self.old = old
        self.new = new
        self.collector = collector
        self.today = today
        self.schemas = SchemaDiff(old, new)

    def compare(self) -> None:
        """Compare everything under `paths`, and which webhooks there are."""
        before, after = operations_of(self.old, "paths"), operations_of(self.new, "paths")
        for key in dict.fromkeys([*before, *after]):
            one, other = before.get(key), after.get(key)
            self.collector.operation = (other or one).name  # type: ignore[union-attr]
            if one is None and other is not None:
                self.collector.add("operation-added", new=other.node, name=other.name)
            elif other is None and one is not None:
                self._removed(one)
            elif one is not None and other is not None:
                self._compare(one, other)
        self.collector.operation = ""
        compare_schemes((self.old, self.new), self.collector)
        self._compare_webhooks()

    def _compare_webhooks(self) -> None:
        before, after = operations_of(self.old, "webhooks"), operations_of(self.new, "webhooks")
        for key in dict.fromkeys([*before, *after]):
            one, other = before.get(key), after.get(key)
            if one is None and other is not None:
                self.collector.add("webhook-added", new=other.node, name=other.path)
            elif other is None and one is not None:
                self.collector.add("webhook-removed", old=one.node, name=one.path)

    def _removed(self, gone: Served) -> None:
        sunset, said = _sunset(gone.node)
        kind = "operation-removed"
        if _says(gone.node, "x-stability-level") in _STABILITY[:2]:
            kind = "operation-removed-after-sunset"
        elif gone.node.value.get("deprecated") is True and (said is None or sunset is not None):
            passed = sunset is None or sunset <= self.today
            kind = "operation-removed-after-sunset" if passed else "operation-removed-before-sunset"
        self.collector.add(kind, old=gone.node, before=said, name=gone.name)

    def _compare(self, old: Served, new: Served) -> None:
        self._compare_life(old, new)
        self._compare_words(old, new)
        compare_security((self.old, self.new), self.collector, old.node, new.node, new.name)
        items = (old.item, old.node), (new.item, new.node)
        compare_parameters(self.schemas, self.collector, *items, (old.path, new.path))
        compare_body(self.schemas, self.collector, old.node, new.node)
        compare_responses(self.schemas, self.collector, old.node, new.node)

    def _compare_life(self, old: Served, new: Served) -> None:
        note: dict[str, Any] = {"old": old.node, "new": new.node, "name": new.name}
        was, now = (one.node.value.get("deprecated") is True for one in (old, new))
        if was is not now:
            self.collector.add("operation-deprecated" if now else "operation-revived", **note)
        (before, said), (after, says) = _sunset(old.node), _sunset(new.node)
        if now and says is None and said is not None:
            self.collector.add("sunset-removed", before=said, **note)
        elif after is not None and before is not None and after != before:
            kind = "sunset-earlier" if after < before else "sunset-later"
            self.collector.add(kind, before=said, after=says, **note)
        elif after is not None and before is None:
            self.collector.add("sunset-added", after=says, **note)
        levels = tuple(_says(one.node, "x-stability-level") or "stable" for one in (old, new))
        if levels[0] != levels[1] and all(level in _STABILITY for level in levels):
            raised = _STABILITY.index(levels[1]) > _STABILITY.index(levels[0])
            kind = "stability-raised" if raised else "stability-lowered"
            self.collector.add(kind, before=levels[0], after=levels[1], **note)

    def _compare_words(self, old: Served, new: Served) -> None:
        note: dict[str, Any] = {"old": old.node, "new": new.node, "name": new.name}
        before, after = (_says(one.node, "operationId") for one in (old, new))
        if before != after:
            self.collector.add("operation-renamed", before=before, after=after, **note)
        if any(_says(old.node, key) != _says(new.node, key) for key in ("summary", "description")):
            self.collector.add("documentation-changed", **note)
        tags = [[tag for tag in one.node.value.get("tags") or () if isinstance(tag, str)] for one in (old, new)]
        for tag in tags[0]:
            if tag not in tags[1]:
                self.collector.add("tag-removed", before=tag, **note)
        for tag in tags[1]:
            if tag not in tags[0]:
                self.collector.add("tag-added", after=tag, **note)


def _says(node: Node, key: str) -> str | None:
    value = node.value.get(key)
    return value if isinstance(value, str) else None


def _sunset(node: Node) -> tuple[date | None, str | None]:
    """The day on which an operation ends (`x-sunset`), and how it is written; no day where it cannot be read."""
    value = node.value.get("x-sunset")
    if value is None:
        return None, None
    if isinstance(value, datetime):
        return value.date(), str(value)
    if isinstance(value, date):
        return value, str(value)
    try:
        return datetime.fromisoformat(str(value)).date(), str(value)
    except ValueError:
        return None, str(value)

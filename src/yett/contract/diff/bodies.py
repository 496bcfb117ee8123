"""Request bodies, responses and their headers compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from yett.contract.diff.schemas import Travel

if TYPE_CHECKING:
    from yett.contract.diff.collector import Collector
    from yett.contract.diff.schemas import SchemaDiff
    from yett.contract.node import Node

_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


def compare_body(diff: SchemaDiff, collector: Collector, old: Node, new: Node) -> None:
    """Compare the request bodies of two operations."""
    before, after = diff.old.child(old, "requestBody"), diff.new.child(new, "requestBody")
    if before is None and after is not None:
        kind = "body-added-required" if _required(after) else "body-added"
        collector.add(kind, "request", "body", new=after)
    elif before is not None and after is None:
        collector.add("body-removed", "request", "body", old=before)
    elif before is not None and after is not None:
        if _required(before) is not _required(after):
            kind = "body-became-required" if _required(after) else "body-became-optional"
            collector.add(kind, "request", "body", old=before, new=after)
        compare_media(diff, collector, before, after, "request", "body")


def schema_of(node: Node) -> Node | None:
    """What a parameter, a header or a form of a body says under `schema`."""
    return node.child("schema") if "schema" in node.value else None


def _required(node: Node) -> bool:
    return node.value.get("required") is True


def compare_media(
    diff: SchemaDiff, collector: Collector, old: Node, new: Node, way: Literal["request", "response"], where: str
) -> None:
    """Compare what stands under `content`, form by form."""
    before = {name.lower(): node for name, node in diff.old.children(old, "content")}
    after = {name.lower(): node for name, node in diff.new.children(new, "content")}
    for name in dict.fromkeys([*before, *after]):
        one, other = before.get(name), after.get(name)
        if one is None:
            collector.add("media-type-added", way, where, old=old, new=other, after=name)
        elif other is None:
            collector.add("media-type-removed", way, where, old=one, new=new, before=name)
        else:
            schema, other_schema = schema_of(one), schema_of(other)
            travel = Travel(way, "json" if "json" in name else "text" if name.startswith(_FORMS) else "notation")
            collector.add_all(diff.compare(schema, other_schema, travel), way, where)


def compare_responses(diff: SchemaDiff, collector: Collector, old: Node, new: Node) -> None:
    """Compare the answers of two operations, status by status."""
    before, after = dict(diff.old.children(old, "responses")), dict(diff.new.children(new, "responses"))
    for status in dict.fromkeys([*before, *after]):
        one, other = before.get(status), after.get(status)
        if one is None:
            collector.add("response-added", "response", status, new=other, after=status)
        elif other is None:
            kind = "response-removed" if status.startswith("2") else "error-response-removed"
            collector.add(kind, "response", status, old=one, before=status)
        else:
            _compare_headers(diff, collector, one, other, status)
            compare_media(diff, collector, one, other, "response", f"{status}.body")


def _compare_headers(diff: SchemaDiff, collector: Collector, old: Node, new: Node, status: str) -> None:
    before = {name.lower(): node for name, node in diff.old.children(old, "headers")}
    after = {name.lower(): node for name, node in diff.new.children(new, "headers")}
    for name in dict.fromkeys([*before, *after]):
        one, other = before.get(name), after.get(name)
        where = f"{status}.header.{name}"
        if one is None:
            collector.add("header-added", "response", where, new=other)
        elif other is None:
            collector.add("required-header-removed" if _required(one) else "header-removed", "response", where, old=one)
        else:
            if _required(one) is not _required(other):
                kind = "header-became-required" if _required(other) else "header-became-optional"
                collector.add(kind, "response", where, old=one, new=other)
            schema, other_schema = schema_of(one), schema_of(other)
            collector.add_all(diff.compare(schema, other_schema, Travel("response", "text")), "response", where)

"""Parameters of an operation compared."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from yett.contract.diff.bodies import compare_media, schema_of
from yett.contract.diff.schemas import Travel

if TYPE_CHECKING:
    from yett.contract.diff.collector import Collector
    from yett.contract.diff.schemas import Found, SchemaDiff
    from yett.contract.diff.sides import Side
    from yett.contract.node import Node

_STYLES: Final = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}
_TEXT: Final = Travel("request", "text")
_EXPRESSION: Final = re.compile(r"\{([^{}/]*)\}")
_IGNORED: Final = {"accept", "content-type", "authorization"}

Key = tuple[str, str]


def compare_parameters(
    diff: SchemaDiff, collector: Collector, old: tuple[Node, Node], new: tuple[Node, Node], paths: tuple[str, str]
) -> None:
    """Compare the parameters of two operations, each with the path item it stands in; `paths` are the templates."""
    # Parts of a path are told apart by where they stand, not by their names.
    names = dict(zip(_EXPRESSION.findall(paths[0]), _EXPRESSION.findall(paths[1]), strict=False))
    before = {(place, names.get(name, name) if place == "path" else name): node
              for (place, name), node in _parameters(diff.old, *old).items()}  # fmt: skip
    after = _parameters(diff.new, *new)
    for key in dict.fromkeys([*before, *after]):
        one, other = before.get(key), after.get(key)
        where = f"{key[0]}.{key[1]}"
        if one is None and other is not None:
            kind = "parameter-added-required" if _required(other) else "parameter-added"
            collector.add(kind, "request", where, new=other)
        elif other is None and one is not None:
            collector.add("parameter-removed", "request", where, old=one)
        elif one is not None and other is not None:
            _compare(diff, collector, where, one, other)


def _parameters(side: Side, item: Node, operation: Node) -> dict[Key, Node]:
    """The parameters in force, by place and name; an operation's own stand before those of its path."""
    found: dict[Key, Node] = {}
    for holder in (item, operation):
        for entry in side.reader.items(holder, "parameters"):
            node = side.follow(entry)
            if node is None:
                continue
            place, name = node.value.get("in"), node.value.get("name")
            if not isinstance(place, str) or not isinstance(name, str):
                continue
            if place == "header":
                name = name.lower()
                if name in _IGNORED:
                    continue
            found[place, name] = node
    return found


def _required(parameter: Node) -> bool:
    return parameter.value.get("required") is True or parameter.value.get("in") == "path"


def _compare(diff: SchemaDiff, collector: Collector, where: str, old: Node, new: Node) -> None:
    if old.value.get("name") != new.value.get("name") and new.value.get("in") == "path":
        before, after = old.value["name"], new.value["name"]
        collector.add("parameter-renamed", "request", where, old=old, new=new, before=before, after=after)
    if _required(old) is not _required(new):
        kind = "parameter-became-required" if _required(new) else "parameter-became-optional"
        collector.add(kind, "request", where, old=old, new=new)
    if new.value.get("deprecated") is True and old.value.get("deprecated") is not True:
        collector.add("parameter-deprecated", "request", where, old=old, new=new)
    before, after = _written(old), _written(new)
    if before != after:
        collector.add("parameter-written-otherwise", "request", where, old=old, new=new, before=before, after=after)
    found = diff.compare(schema_of(old), schema_of(new), _TEXT)
    if after == "form, exploded" and any(one.kind == "type-changed" and one.after == ["array"] for one in found):
        # One value is written as a list of one is.
        item = diff.new.schema(schema_of(new))
        found = diff.compare(schema_of(old), item.child("items") if item and "items" in item.value else None, _TEXT)
        collector.add("type-widened", "request", where, old=old, new=new, before="one value", after="a list of them")
    collector.add_all(map(_of_parameter, found), "request", where)
    compare_media(diff, collector, old, new, "request", where)


def _of_parameter(found: Found) -> Found:
    """What a parameter means when it is left out is part of what callers rely on."""
    from dataclasses import replace

    if found.kind == "default-changed" and not found.path:
        return replace(found, kind="parameter-default-changed")
    return found


def _written(parameter: Node) -> str:
    value: dict[str, Any] = parameter.value
    style = value.get("style") or _STYLES.get(str(value.get("in")), "form")
    explode = value.get("explode", style == "form")
    return f"{style}{', exploded' if explode is True else ''}"

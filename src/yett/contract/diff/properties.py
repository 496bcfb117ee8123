"""Keywords that lead to parts of a value: properties and items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yett.contract.diff.schemas import Found, Pair, SchemaDiff
    from yett.contract.node import Node

_ABSENT_IN: Final = {"request": "readOnly", "response": "writeOnly"}


def compare_properties(diff: SchemaDiff, pair: Pair) -> Iterator[Found]:
    """Properties by name, the rest of an object, and the items of an array."""
    names = dict.fromkeys([*_named(pair.old), *_named(pair.new), *_required(pair.old), *_required(pair.new)])
    for name in names:
        yield from (one.below(f".{name}") for one in _compare_property(diff, pair, name))
    yield from _compare_rest(diff, pair)
    yield from _compare_items(diff, pair)


def _named(schema: Node) -> dict[str, Any]:
    properties = schema.value.get("properties")
    return properties if isinstance(properties, dict) else {}


def _required(schema: Node) -> list[str]:
    required = schema.value.get("required")
    return [name for name in required if isinstance(name, str)] if isinstance(required, list) else []


def property_of(schema: Node, name: str) -> Node | None:
    """The schema of a property, if it has one."""
    return schema.child("properties").child(name) if name in _named(schema) else None


def _compare_property(diff: SchemaDiff, pair: Pair, name: str) -> Iterator[Found]:
    old, new = property_of(pair.old, name), property_of(pair.new, name)
    absent = _ABSENT_IN[pair.travel.way]
    had, has = (_travels(side.schema(node), absent) for side, node in ((diff.old, old), (diff.new, new)))
    was, must = name in _required(pair.old), name in _required(pair.new)
    if old is None and new is None:
        if was is not must:
            yield _at(pair, "property-became-required" if must else "property-became-optional", name)
    elif old is None:
        kind = "required-property-added" if must and has and not was else "property-added"
        yield _at(pair, kind, name)
    elif new is None:
        yield _at(pair, _removal(pair, was=was and had, had=had), name)
    else:
        yield from _compare_both(diff, pair, name, (old, new), (had, has), (was, must))


def _compare_both(
    diff: SchemaDiff,
    pair: Pair,
    name: str,
    nodes: tuple[Node, Node],
    travels: tuple[bool, bool],
    must: tuple[bool, bool],
) -> Iterator[Found]:
    # What does not travel this way is compared where it does.
    if travels == (False, False):
        return
    if must[0] is not must[1] and travels == (True, True):
        yield _at(pair, "property-became-required" if must[1] else "property-became-optional", name)
    yield from diff.compare(nodes[0], nodes[1], pair.travel)


def _travels(schema: Node | None, absent: str) -> bool:
    return schema is None or schema.value.get(absent) is not True


def _removal(pair: Pair, *, was: bool, had: bool) -> str:
    if not had:
        return "property-ruled-out"
    if was:
        return "required-property-removed"
    return "closed-property-removed" if pair.new.value.get("additionalProperties") is False else "property-removed"


def _at(pair: Pair, kind: str, name: str) -> Found:
    from yett.contract.diff.schemas import Found

    old, new = property_of(pair.old, name), property_of(pair.new, name)
    return Found(kind, (), old or (None if new else pair.old), new or (None if old else pair.new), name=name)


def _compare_rest(diff: SchemaDiff, pair: Pair) -> Iterator[Found]:
    old, new = pair.values("additionalProperties")
    closed, closes = old is False, new is False
    if closed is not closes:
        yield pair.found("closed" if closes else "opened")
    elif isinstance(old, dict) or isinstance(new, dict):
        yield from _below(diff, pair, "additionalProperties", ".*")


def _below(diff: SchemaDiff, pair: Pair, key: str, step: str) -> Iterator[Found]:
    """What is found under a keyword that holds one schema; where only one side says it, it said anything before."""
    old, new = (
        schema.child(key) if isinstance(schema.value.get(key), dict) else None for schema in (pair.old, pair.new)
    )
    yield from (one.below(step) for one in diff.compare(old, new, pair.travel))


def _compare_items(diff: SchemaDiff, pair: Pair) -> Iterator[Found]:
    if isinstance(pair.old.value.get("items"), dict) or isinstance(pair.new.value.get("items"), dict):
        yield from _below(diff, pair, "items", "[]")
    elif pair.values("items") != (None, None) and (pair.values("items")[0] is False) is not (
        pair.values("items")[1] is False
    ):
        yield pair.found("closed" if pair.values("items")[1] is False else "opened")
    old, new = (value if isinstance(value, list) else [] for value in pair.values("prefixItems"))
    for index in range(min(len(old), len(new))):
        one, other = (schema.child("prefixItems").child(index) for schema in (pair.old, pair.new))
        yield from (found.below(f"[{index}]") for found in diff.compare(one, other, pair.travel))
    for index in range(len(old), len(new)):
        yield pair.found("position-added").below(f"[{index}]")
    for index in range(len(new), len(old)):
        yield pair.found("position-removed").below(f"[{index}]")

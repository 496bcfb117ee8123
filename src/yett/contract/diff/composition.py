"""Keywords that put schemas together: parts, alternatives, conditions, and what tells alternatives apart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from yett.contract.diff.sides import NOTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yett.contract.diff.schemas import Found, Pair, SchemaDiff
    from yett.contract.node import Node

_SINGLE: Final = ("if", "then", "else", "contains", "propertyNames", "contentSchema")
_UNEVALUATED: Final = ("unevaluatedItems", "unevaluatedProperties")
_MAPS: Final = ("patternProperties", "dependentSchemas")


def compare_composition(diff: SchemaDiff, pair: Pair) -> Iterator[Found]:
    """`allOf`, `anyOf`, `oneOf`, `not`, conditions and `discriminator`."""
    yield from _compare_parts(diff, pair)
    yield from _compare_alternatives(diff, pair)
    yield from _compare_not(diff, pair)
    for key in _SINGLE:
        yield from _compare_single(diff, pair, key)
    for key in _UNEVALUATED:
        yield from _compare_unevaluated(diff, pair, key)
    for key in _MAPS:
        yield from _compare_map(diff, pair, key)
    yield from _compare_dependent_required(pair)
    yield from _compare_discriminator(pair)


def _listed(schema: Node, key: str) -> list[Node]:
    value = schema.value.get(key)
    if not isinstance(value, list):
        return []
    parent = schema.child(key)
    return [parent.child(index) for index in range(len(value))]


def _name(node: Node) -> str:
    """What tells a schema in a list from the others: where it leads, or its title."""
    if not isinstance(node.value, dict):
        return ""
    reference = node.value.get("$ref")
    return str(reference or node.value.get("title") or "").rpartition("/")[2]


def _text(node: Node) -> str:
    value = node.value
    if isinstance(value, dict) and "$ref" not in value:
        value = {key: said for key, said in value.items() if key not in NOTES}
    return json.dumps(value, sort_keys=True, default=str)


def _match(old: list[Node], new: list[Node]) -> tuple[list[tuple[Node, Node]], list[Node], list[Node]]:
    """Pairs those that are the same by name or by text; and the last one on each side, if there is but one."""
    pairs: list[tuple[Node, Node]] = []
    for same in (_name, _text):
        for one in list(old):
            label = same(one)
            other = next((other for other in new if label and same(other) == label), None)
            if other is not None:
                pairs.append((one, other))
                old, new = _less(old, one), _less(new, other)
    if len(old) == len(new) == 1 and not _name(old[0]) and not _name(new[0]) and not pairs:
        return [(old[0], new[0])], [], []
    return pairs, old, new


def _less(nodes: list[Node], gone: Node) -> list[Node]:
    return [node for node in nodes if node is not gone]


def _label(node: Node) -> str:
    return _name(node) or "another form"


def _compare_parts(diff: SchemaDiff, pair: Pair) -> Iterator[Found]:
    matched, removed, added = _match(_listed(pair.old, "allOf"), _listed(pair.new, "allOf"))
    for one, other in matched:
        yield from diff.compare(one, other, pair.travel)
    for node in added:
        schema = diff.new.schema(node)
        says = schema is not None and bool(set(schema.value) - NOTES)
        yield pair.found("part-added" if says else "annotation-part-added", after=_label(node))
    for node in removed:
        yield pair.found("part-removed", before=_label(node))


def _compare_alternatives(diff: SchemaDiff, pair: Pair) -> Iterator[Found]:
    for key, was_added, was_removed in (
        ("oneOf", "alternative-added", "alternative-removed"),
        ("anyOf", "choice-added", "choice-removed"),
    ):
        old, new = _listed(pair.old, key), _listed(pair.new, key)
        if not old and new and key == "oneOf" and _says_more(pair.old):
            yield pair.found("became-alternatives", after=[_label(node) for node in new])
            continue
        if old and not new and key == "oneOf":
            yield pair.found("became-plain", before=[_label(node) for node in old])
            continue
        matched, removed, added = _match(old, new)
        for one, other in matched:
            yield from diff.compare(one, other, pair.travel)
        yield from (pair.found(was_added, after=_label(node)) for node in added)
        yield from (pair.found(was_removed, before=_label(node)) for node in removed)


def _says_more(schema: Node) -> bool:
    return bool(set(schema.value) - NOTES)


def _compare_not(diff: SchemaDiff, pair: Pair) -> Iterator[Found]:
    old, new = pair.values("not")
    if (old is None) is not (new is None):
        yield pair.found("exclusion-added" if old is None else "exclusion-removed", old, new)
    elif isinstance(old, dict) and _differs(diff, pair, "not"):
        yield pair.found("condition-changed", name="not")


def _differs(diff: SchemaDiff, pair: Pair, key: str) -> bool:
    return bool(diff.compare(pair.old.child(key), pair.new.child(key), pair.travel))


def _compare_single(diff: SchemaDiff, pair: Pair, key: str) -> Iterator[Found]:
    old, new = pair.values(key)
    if (old is None) is not (new is None):
        yield pair.found("condition-added" if old is None else "condition-removed", name=key)
    elif old is not None and _differs(diff, pair, key):
        yield pair.found("condition-changed", name=key)


def _compare_unevaluated(diff: SchemaDiff, pair: Pair, key: str) -> Iterator[Found]:
    """`true` and absence say the same: nothing."""
    old, new = (value in (None, True, {}) for value in pair.values(key))
    if old is not new:
        yield pair.found("condition-added" if old else "condition-removed", name=key)
    elif not old and pair.old.value[key] != pair.new.value[key] and _differs(diff, pair, key):
        yield pair.found("condition-changed", name=key)


def _compare_map(diff: SchemaDiff, pair: Pair, key: str) -> Iterator[Found]:
    old, new = (value if isinstance(value, dict) else {} for value in pair.values(key))
    for name in dict.fromkeys([*old, *new]):
        if name in old and name in new:
            one, other = (schema.child(key).child(name) for schema in (pair.old, pair.new))
            yield from (found.below(f".{name}") for found in diff.compare(one, other, pair.travel))
        else:
            yield pair.found("condition-added" if name in new else "condition-removed", name=f"{key} of {name}")


def _compare_dependent_required(pair: Pair) -> Iterator[Found]:
    old, new = (value if isinstance(value, dict) else {} for value in pair.values("dependentRequired"))
    for name in dict.fromkeys([*old, *new]):
        label = f"dependentRequired of {name}"
        if name not in old or name not in new:
            yield pair.found("condition-added" if name in new else "condition-removed", name=label)
        elif _names(old[name]) != _names(new[name]):
            yield pair.found("condition-changed", old[name], new[name], label)


def _names(value: Any) -> set[str]:
    return set(map(str, value)) if isinstance(value, list) else set()


def _compare_discriminator(pair: Pair) -> Iterator[Found]:
    old, new = (value if isinstance(value, dict) else {} for value in pair.values("discriminator"))
    before, after = old.get("propertyName"), new.get("propertyName")
    if before and after and before != after:
        yield pair.found("discriminator-changed", before, after)
    elif before or after:
        if not before:
            yield pair.found("discriminator-added", after=after)
        if not after:
            yield pair.found("discriminator-removed", before=before)
    was, now = _mapping(old), _mapping(new)
    for name in dict.fromkeys([*was, *now]) if old and new else ():
        if name not in was:
            yield pair.found("discriminator-mapping-added", after=now[name], name=name)
        elif name not in now:
            yield pair.found("discriminator-mapping-removed", before=was[name], name=name)
        elif was[name] != now[name]:
            yield pair.found("discriminator-mapping-changed", was[name], now[name], name)


def _mapping(discriminator: dict[str, Any]) -> dict[str, Any]:
    mapping = discriminator.get("mapping")
    return mapping if isinstance(mapping, dict) else {}

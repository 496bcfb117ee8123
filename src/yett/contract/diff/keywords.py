"""Keywords that say something of a value by itself: types, values, bounds, texts, notes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from yett.contract.diff.sides import named_types

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yett.contract.diff.schemas import Found, Pair

_UPPER: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains")
_LOWER: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains")
_EMPTY: Final = {"minLength": 0, "minItems": 0, "minProperties": 0}
_WIDER_FORMATS: Final = {("int32", "int64"), ("float", "double")}
_NO_NUMBERS: Final = frozenset({"float", "double", "int32", "int64"})


def types_of(schema: dict[str, Any]) -> frozenset[str] | None:
    """The types that a schema names, `null` among them however it is said; `None`: any."""
    named = set(named_types(schema))
    if not named:
        return None
    return frozenset(named | ({"null"} if schema.get("nullable") is True else set()))


def compare_types(pair: Pair) -> Iterator[Found]:
    """`type`, `nullable` and `format`."""
    old, new = types_of(pair.old.value), types_of(pair.new.value)
    if old is not None and new is not None and ("null" in old) is not ("null" in new):
        yield pair.found(
            "became-nullable" if "null" in new else "became-not-nullable", before=sorted(old), after=sorted(new)
        )
    before, after = (None if types is None else types - {"null"} for types in (old, new))
    kind = _type_kind(before, after, pair.travel.form)
    if kind is not None:
        yield pair.found(kind, _said(before), _said(after))
    # Formats of two types have nothing to do with each other.
    if kind in (None, "type-compatible"):
        yield from _compare_format(pair)


def _said(types: frozenset[str] | None) -> Any:
    return "of any type" if types is None else sorted(types)


def _type_kind(old: frozenset[str] | None, new: frozenset[str] | None, form: str) -> str | None:
    if old == new:
        return None
    if old is None:
        return "type-narrowed"
    if new is None:
        return "type-widened"
    lost = {one for one in old if one not in new and not (one == "integer" and "number" in new)}
    won = {one for one in new if one not in old and not (one == "integer" and "number" in old)}
    widened = bool(won) and not lost
    is_text = form == "notation" or (form == "text" and not old & {"array", "object"})
    if is_text and "string" in new and "string" not in old:
        return "type-compatible"
    if lost and won:
        return "type-narrowed" if lost == {"number"} and won <= {"integer"} else "type-changed"
    return "type-widened" if widened else "type-narrowed"


def _compare_format(pair: Pair) -> Iterator[Found]:
    old, new = pair.values("format")
    if old == new:
        return
    if old is None:
        # Which numbers fit, `type` says already; what a text looks like, only its format says.
        kind = "format-narrowed"
    elif new is None or (old, new) in _WIDER_FORMATS:
        kind = "format-widened"
    elif (new, old) in _WIDER_FORMATS:
        kind = "format-narrowed"
    else:
        kind = "format-changed"
    yield pair.found(kind, old or "none", new or "none")


def compare_values(pair: Pair) -> Iterator[Found]:
    """`enum`, `x-extensible-enum` and `const`."""
    yield from _compare_enum(pair)
    old, new = (value if isinstance(value, list) else [] for value in pair.values("x-extensible-enum"))
    yield from (pair.found("extensible-enum-value-removed", before=one) for one in _without(old, new))
    yield from (pair.found("extensible-enum-value-added", after=one) for one in _without(new, old))
    has_old, has_new = "const" in pair.old.value, "const" in pair.new.value
    before, after = pair.values("const")
    if has_old and has_new and _same(before) != _same(after):
        yield pair.found("const-changed", before, after)
    elif has_old is not has_new:
        yield pair.found("const-added" if has_new else "const-removed", before, after)


def _compare_enum(pair: Pair) -> Iterator[Found]:
    # Whether null is among them is told as such.
    lists = (value if isinstance(value, list) else None for value in pair.values("enum"))
    old, new = (None if values is None else [one for one in values if one is not None] for values in lists)
    if old is not None and new is not None:
        yield from (pair.found("enum-value-removed", before=one) for one in _without(old, new))
        yield from (pair.found("enum-value-added", after=one) for one in _without(new, old))
    elif new is not None:
        yield pair.found("became-enum", after=new)
    elif old is not None:
        yield pair.found("enum-lifted", before=old)


def _without(values: list[Any], others: list[Any]) -> list[Any]:
    known = {_same(one) for one in others}
    return [one for one in values if _same(one) not in known]


def _same(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def compare_bounds(pair: Pair) -> Iterator[Found]:
    """Bounds of numbers, lengths and counts, `multipleOf` and `uniqueItems`."""
    old, new = _bounds(pair.old.value), _bounds(pair.new.value)
    for name in (*_UPPER, *_LOWER):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if before is None or after is None:
            yield pair.found("bound-added" if before is None else "bound-removed", before, after, name)
        else:
            tightened = (after < before) is (name in _UPPER)
            yield pair.found("bound-tightened" if tightened else "bound-loosened", before, after, name)
    yield from _compare_multiple(pair)
    before, after = (value is True for value in pair.values("uniqueItems"))
    if before is not after:
        yield pair.found("unique-required" if after else "unique-lifted")


def _bounds(schema: dict[str, Any]) -> dict[str, Any]:
    """The bounds of a schema in the form of JSON Schema 2020-12, those that bound nothing left out."""
    found = {name: schema[name] for name in (*_UPPER, *_LOWER) if _is_number(schema.get(name))}
    for bound, exclusive in (("maximum", "exclusiveMaximum"), ("minimum", "exclusiveMinimum")):
        # Before OpenAPI 3.1 a bound was made exclusive by a flag beside it.
        if schema.get(exclusive) is True and bound in found:
            found[exclusive] = found.pop(bound)
    return {name: value for name, value in found.items() if _EMPTY.get(name) != value}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _compare_multiple(pair: Pair) -> Iterator[Found]:
    before, after = (value if _is_number(value) and value else None for value in pair.values("multipleOf"))
    if before == after:
        return
    if before is None or after is None:
        yield pair.found("bound-added" if before is None else "bound-removed", before, after, "multipleOf")
    else:
        yield pair.found("bound-tightened" if after % before == 0 else "bound-loosened", before, after, "multipleOf")


def compare_texts(pair: Pair) -> Iterator[Found]:
    """`pattern`, and what a text holds."""
    old, new = pair.values("pattern")
    if old != new:
        kind = "pattern-added" if old is None else "pattern-removed" if new is None else "pattern-changed"
        yield pair.found(kind, old, new)
    for name in ("contentEncoding", "contentMediaType"):
        before, after = pair.values(name)
        if before != after:
            yield pair.found("content-changed", before or "none", after or "none", name)


def compare_notes(pair: Pair) -> Iterator[Found]:
    """`default`, `deprecated`, `readOnly` and `writeOnly`."""
    old, new = pair.values("default")
    if _same(old) != _same(new):
        yield pair.found("default-changed", old, new)
    if pair.new.value.get("deprecated") is True and pair.old.value.get("deprecated") is not True:
        yield pair.found("property-deprecated")
    for name, became, ceased in (
        ("readOnly", "became-read-only", "became-writable"),
        ("writeOnly", "became-write-only", "became-readable"),
    ):
        before, after = (value is True for value in pair.values(name))
        if before is not after:
            yield pair.found(became if after else ceased)

"""Joins descriptions of what is one thing on the wire: what fits either of them is accepted.

Some contracts describe one method and path several times, told apart by a fragment (`/files/{id}#share`) that no
request ever carries; others describe one media type several times, told apart by parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yett.contract.contract import Operation

# Derives the shape of a schema in one direction.
Shape = Callable[[Any], dict[str, Any]]

Plain = dict[str, Any]


def join_operations(one: Operation, other: Operation, request: Shape, response: Shape) -> Operation:
    """Return `one`, widened so that it accepts what `other` accepts."""
    return replace(
        one,
        deprecated=one.deprecated and other.deprecated,
        public=one.public and other.public,
        cost=max(one.cost, other.cost),
        parameters=tuple(_join_parameters(one.parameters, other.parameters, request)),
        body=_join_bodies(one.body, other.body, request),
        responses=tuple(_join_responses(one.responses, other.responses, response)),
    )


def join_media(one: Plain, other: Plain, shape: Shape) -> Plain:
    """Return the media type `one`, widened by `other`, which has the same range."""
    joined = _join_schemas(one, other, shape)
    if encoding := other.get("encoding", {}) | one.get("encoding", {}):
        joined["encoding"] = encoding
    return joined


def _join_schemas(one: Plain, other: Plain, shape: Shape) -> Plain:
    joined = dict(one)
    if one.get("schema") == other.get("schema"):
        return joined
    if "schema" in one and "schema" in other:
        joined["schema"] = {"anyOf": [one["schema"], other["schema"]]}
    else:
        joined.pop("schema", None)
    if "shape" in one or "shape" in other:
        joined["shape"] = shape(joined.get("schema", True))
    return joined


def _join_by(
    key: str, one: Iterable[Plain], other: Iterable[Plain], how: Callable[[Plain, Plain], Plain]
) -> list[Plain]:
    found = {item[key]: item for item in one}
    for item in other:
        found[item[key]] = how(found[item[key]], item) if item[key] in found else item
    return list(found.values())


def _join_parameters(one: Iterable[Plain], other: Iterable[Plain], shape: Shape) -> Iterable[Plain]:
    first = {(item["in"], item["name"]): item for item in one}
    second = {(item["in"], item["name"]): item for item in other}
    for key in first | second:
        if key in first and key in second:
            joined = _join_schemas(first[key], second[key], shape)
            is_required = first[key].get("required", False) and second[key].get("required", False)
        else:
            joined = first.get(key) or second[key]
            is_required = key[0] == "path"
        yield {**_without(joined, "required"), **({"required": True} if is_required else {})}


def _join_bodies(one: Plain | None, other: Plain | None, shape: Shape) -> Plain | None:
    if one is None or other is None:
        only = one or other
        return None if only is None else _without(only, "required")
    media = _join_by("range", one["media"], other["media"], lambda a, b: join_media(a, b, shape))
    is_required = one.get("required", False) and other.get("required", False)
    return {"media": media, **({"required": True} if is_required else {})}


def _join_responses(one: Iterable[Plain], other: Iterable[Plain], shape: Shape) -> list[Plain]:
    return _join_by("status", one, other, lambda a, b: _join_response(a, b, shape))


def _join_response(one: Plain, other: Plain, shape: Shape) -> Plain:
    joined: Plain = {"status": one["status"]}
    if headers := list(_join_parameters(one.get("headers", ()), other.get("headers", ()), shape)):
        joined["headers"] = headers
    # A response whose body is not described accepts any.
    if "media" in one and "media" in other:
        joined["media"] = _join_by("range", one["media"], other["media"], lambda a, b: join_media(a, b, shape))
    return joined


def _without(item: Plain, key: str) -> Plain:
    return {name: value for name, value in item.items() if name != key}

"""Which keys a mapping of the configuration may hold: found by walking the shapes along an error's path."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag


def keys_at(shape: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """The keys of the mapping that `loc` leads to from `shape`, as they are written in files.

    `loc` is pydantic's: keys, list indices, and the tags by which unions were told apart.
    """
    found: list[Any] = [shape]
    for part in loc:
        found = [inner for one in found for inner in _step(one, part)]
    models = [one for outer in found for one in _models(outer)]
    return list(dict.fromkeys(key for model in models for key in _fields(model)))


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _step(annotation: Any, part: str | int) -> Iterator[Any]:
    if isinstance(part, str) and part.startswith("<"):
        yield from (member for member, tag in _members(annotation, None) if tag == part)
        return
    for member, _ in _members(annotation, None):
        arguments = get_args(member)
        if isinstance(member, type) and issubclass(member, BaseModel):
            yield from (field for key, field in _fields(member).items() if key == part)
        elif get_origin(member) is list and isinstance(part, int):
            yield arguments[0]
        elif get_origin(member) is dict:
            yield arguments[1]


def _members(annotation: Any, tag: str | None) -> Iterator[tuple[Any, str | None]]:
    """What an annotation may stand for, unions and metadata taken apart, each with the tag that chooses it."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        own = next((one.tag for one in arguments[1:] if isinstance(one, Tag)), tag)
        yield from _members(arguments[0], own)
    elif origin in (Union, types.UnionType):
        for argument in arguments:
            yield from _members(argument, tag)
    else:
        yield annotation, tag


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    for member, _ in _members(annotation, None):
        if isinstance(member, type) and issubclass(member, BaseModel):
            yield member

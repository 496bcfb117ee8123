"""What is left of an item without the parts that hold mistakes: never served, but looked through for further ones."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from pydantic import ValidationError

from yett.config.mistakes import child_of, parts_of
from yett.config.sections.base import Shape, written_path

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_S = TypeVar("_S", bound=Shape)
_Parts = tuple[str | int, ...]

# Leaving out a part can leave the mapping around it incomplete, which then goes too.
_MAX_ROUNDS: Final = 8


@dataclass(frozen=True, slots=True)
class Draft(Generic[_S]):
    """An item without its bad parts. `kept` holds, by the path of a list, where the entries left to it were written."""

    shape: _S
    kept: Mapping[_Parts, list[int]]


def draft_of(shape: type[_S], value: Any, stand_ins: Mapping[str, Any]) -> Draft[_S] | None:
    """`value` as `shape`, as far as it fits; `None` where too little of it does.

    `stand_ins` takes the place of required keys that are missing or hold mistakes.
    """
    if not isinstance(value, dict):
        return None
    value, kept = deepcopy(value), dict[_Parts, list[int]]()
    for _ in range(_MAX_ROUNDS):
        try:
            return Draft(shape.model_validate(value), kept)
        except ValidationError as error:
            bad = {_bad_part(detail, value) for detail in error.errors(include_url=False)}
        for key in {str(parts[0]) for parts in bad if parts} & stand_ins.keys():
            value[key] = stand_ins[key]
            bad = {parts for parts in bad if parts[:1] != (key,)}
        if not _leave_out(value, bad, kept):
            return None
    return None


def _bad_part(detail: ErrorDetails, value: Any) -> _Parts:
    """The path of what must go for an error to go."""
    parts = parts_of(detail["loc"], value)
    # Without a key that must be there, the whole mapping is of no use.
    return parts[:-1] if detail["type"] == "missing" and len(parts) > 1 else parts


def _leave_out(value: Any, bad: set[_Parts], kept: dict[_Parts, list[int]]) -> bool:
    """Remove the bad parts; whether all of them could be."""
    gone: set[tuple[int, str | int]] = set()
    # From the end, so that no entry moves before its turn.
    for parts in sorted(bad, key=lambda one: [(isinstance(part, str), part) for part in one], reverse=True):
        container = _at(value, parts[:-1])
        # Through a YAML alias, one entry can be met in several places.
        if parts and (id(container), parts[-1]) in gone:
            continue
        if not _remove(container, parts, kept):
            return False
        gone.add((id(container), parts[-1]))
    return True


def _remove(container: Any, parts: _Parts, kept: dict[_Parts, list[int]]) -> bool:
    match container, parts[-1:]:
        case dict(), (key,) if key in container:
            del container[key]
        case list(), (int(index),) if index < len(container):
            left = kept.setdefault(written_path(parts[:-1], kept), list(range(len(container))))
            del left[index]
            del container[index]
        case _:
            return False
    return True


def _at(value: Any, parts: _Parts) -> Any:
    for part in parts:
        value = child_of(value, part)
    return value

"""Checks of how the parts of a value stand together."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from yett.governance.functions.values import shown
from yett.governance.rule import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yett.governance.rule import Question


def alphabetical(value: Any, options: Any, _question: Question) -> Iterator[Problem]:
    """Items, or the keys of a mapping, must be in alphabetical order, items by the entry `keyedBy` if it is said."""
    keyed_by = (options or {}).get("keyedBy")
    if isinstance(value, dict):
        items: list[Any] = list(value)
    elif isinstance(value, list):
        items = [one.get(keyed_by) if keyed_by and isinstance(one, dict) else one for one in value]
    else:
        return
    for index, (one, other) in enumerate(pairwise(items)):
        if _after(one, other):
            at = () if keyed_by else (index,) if isinstance(value, list) else (items[index],)
            yield Problem(f"{shown(one)} must be placed after {shown(other)}", at)
            return


def _after(one: Any, other: Any) -> bool:
    numbers = [isinstance(part, int | float) or (isinstance(part, str) and part.isdigit()) for part in (one, other)]
    if all(numbers):
        return float(one) > float(other)
    return isinstance(one, str) and isinstance(other, str) and _letters(one) > _letters(other)


def _letters(text: str) -> tuple[str, str]:
    return re.sub(r"\s+", " ", text).casefold(), text


def _present(value: dict[str, Any], options: Any) -> list[str]:
    return [name for name in options["properties"] if name in value]


def one_of(value: Any, options: Any, _question: Question) -> Iterator[Problem]:
    """Exactly one of `properties` must be there."""
    if isinstance(value, dict) and len(_present(value, options)) != 1:
        names = ", ".join(map(shown, options["properties"]))
        count = "At least one" if not _present(value, options) else "Only one"
        yield Problem(f"{count} of {names} must be defined")


def any_of(value: Any, options: Any, _question: Question) -> Iterator[Problem]:
    """At least one of `properties` must be there."""
    if isinstance(value, dict) and not _present(value, options):
        yield Problem(f"At least one of {', '.join(map(shown, options['properties']))} must be defined")


def unique_items(value: Any, _options: Any, _question: Question) -> Iterator[Problem]:
    """No item of a list may be there twice."""
    if not isinstance(value, list):
        return
    first: dict[str, int] = {}
    for index, one in enumerate(value):
        text = json.dumps(one, sort_keys=True, default=str)
        if text in first:
            yield Problem(
                f"{{{{property}}}} must not have duplicate items (items ## {first[text]} and {index} are identical)"
            )
            return
        first[text] = index

"""Variables in texts: `{{name}}` becomes its value, whose own variables are put in too, within bounds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_VARIABLE: Final = re.compile(r"\{\{([^{}]{1,300})\}\}")
_DEEPEST: Final = 10
_LONGEST: Final = 16 * 1024 * 1024


class UnresolvedError(Exception):
    """A text cannot be made: it names a variable that is not there, or itself, or grows beyond all bounds."""


def filled(text: str, value_of: Callable[[str], str | None], depth: int = 0) -> str:
    """The text with the values of its variables. Raises `UnresolvedError`, which names the variable."""
    if "{{" not in text:
        return text
    size = 0

    def value(found: re.Match[str]) -> str:
        nonlocal size
        name = found[1].strip()
        held = value_of(name)
        if held is None:
            raise UnresolvedError(f"the variable {name!r} has no value")
        if depth >= _DEEPEST and "{{" in held:
            raise UnresolvedError(f"the variable {name!r} leads back to itself")
        held = filled(held, value_of, depth + 1)
        size += len(held)
        if size > _LONGEST:
            raise UnresolvedError(f"the text becomes longer than {_LONGEST:,} characters")
        return held

    return _VARIABLE.sub(value, text)


def named_in(text: str) -> list[str]:
    """The names of the variables in a text."""
    return [one.strip() for one in _VARIABLE.findall(text)]

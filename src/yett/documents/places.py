"""Where values stand: a tree of line numbers in the form of the document."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

# (line, places of the children or None for a scalar). Lines count from 1; an entry of a mapping stands where its key
# does.
Place: TypeAlias = "tuple[int, dict[str, Place] | list[Place] | None]"


def find_line(root: Place, parts: Sequence[str]) -> int:
    """Return the line of the value that `parts` lead to; of its nearest known ancestor where they lead nowhere."""
    line, children = root
    for part in parts:
        child = _child(children, part)
        if child is None:
            break
        line, children = child
    return line


def _child(children: dict[str, Place] | list[Place] | None, part: str) -> Place | None:
    if isinstance(children, dict):
        return children.get(part)
    if children is not None and part.isascii() and part.isdigit() and len(part) < 10 and int(part) < len(children):
        return children[int(part)]
    return None

"""Personal data and secrets in a text, as the mask guard finds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yett.gateway.native import native


@dataclass(frozen=True, slots=True)
class FoundData:
    """Data of a class, from the character `start` to before `end`."""

    kind: str
    start: int
    end: int


def find_data(text: str, classes: Sequence[str]) -> tuple[FoundData, ...]:
    """What of these classes, or of classes below them, stands in `text`, in its order."""
    raw = text.encode()
    found = native().find_data(text, list(classes))
    return tuple(FoundData(kind, len(raw[:start].decode()), len(raw[:end].decode())) for kind, start, end in found)

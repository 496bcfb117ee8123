"""How values are named in sentences."""

from __future__ import annotations

import json
from typing import Any, Final

_MOST: Final = 80


def phrase(value: Any) -> str:
    """A value in a sentence: lists as enumerations, everything shortened."""
    match value:
        case None:
            return "nothing"
        case list():
            return _shorten(" or ".join(map(_one, value)) or "nothing")
        case _:
            return _shorten(_one(value))


def _one(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False, default=str)


def _shorten(text: str) -> str:
    return text if len(text) <= _MOST else f"{text[: _MOST - 3]}..."

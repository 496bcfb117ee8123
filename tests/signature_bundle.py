"""The signatures of the injection guard, from `signatures/` into the one file that the engine has in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from pathlib import Path

_FIELDS: Final = ("id", "family", "level", "view", "target", "headers", "needs", "pattern", "positive", "negative")
"""What the engine reads of a signature, in the order in which it is written."""


def read_signatures(folder: Path) -> list[tuple[Path, dict[str, Any]]]:
    """Every signature with its file, in the order of families and ids."""
    files = sorted(folder.glob("*/*.yaml"), key=lambda path: (path.parent.name, path.stem))
    return [(path, yaml.safe_load(path.read_text(encoding="utf-8"))) for path in files]


def write_bundle(folder: Path) -> str:
    """The bundle: one signature a line."""
    lines = [
        json.dumps({field: signature[field] for field in _FIELDS}, ensure_ascii=True)
        for _, signature in read_signatures(folder)
    ]
    return "[\n" + ",\n".join(lines) + "\n]\n"

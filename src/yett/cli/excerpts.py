"""The lines of source that diagnostics stand on, without what must not be shown again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from yett.access.keys import mask_keys

if TYPE_CHECKING:
    from yett.model.diagnostic import Diagnostic

_LONGEST: Final = 100


class Excerpts:
    """Looks lines up, each file once; lines that hold a secret are left out for every diagnostic on them."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self._secret = {(one.file, one.line) for one in diagnostics if one.code.startswith("secret-")}
        wanted: dict[str, set[int]] = {}
        for one in diagnostics:
            wanted.setdefault(one.file, set()).add(one.line)
        self._lines = {file: _lines(file, numbers) for file, numbers in wanted.items()}

    def of(self, diagnostic: Diagnostic) -> str:
        """The line a diagnostic stands on, shortened; empty where there is none to show."""
        if (diagnostic.file, diagnostic.line) in self._secret:
            return ""
        line = mask_keys(self._lines[diagnostic.file].get(diagnostic.line, "").strip())
        return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."


def _lines(file: str, numbers: set[int]) -> dict[int, str]:
    if numbers <= {0}:
        return {}
    try:
        with Path(file).open(encoding="utf-8", errors="replace") as lines:
            last = max(numbers)
            return {number: line for number, line in enumerate(islice(lines, last), 1) if number in numbers}
    except OSError:
        return {}

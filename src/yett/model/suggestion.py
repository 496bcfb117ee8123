"""Did-you-mean: the nearest of the names that exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice
from typing import Final

_MOST_CHOICES: Final = 5_000


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """A hint that names the choice nearest to `name`; all choices where few are there; else empty.

    Only the first few thousand choices are looked at, so that a mistake stays cheap in a large configuration.
    """
    known = list(islice(choices, _MOST_CHOICES))
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6) or _same_letters(name, known)
    if near:
        return f"did you mean `{near[0]}`?"
    if 0 < len(known) <= 8:
        return "known: " + ", ".join(f"`{choice}`" for choice in known)
    return ""


def _same_letters(name: str, known: list[str]) -> list[str]:
    folded = name.casefold().replace("_", "-")
    return [choice for choice in known if choice.casefold().replace("_", "-") == folded][:1]

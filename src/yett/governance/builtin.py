"""The rulesets that come with the product, by name."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

BUILTIN: Final = {
    "spectral:oas": "oas",
    "yett:openapi": "oas",
    "yett:owasp": "owasp",
    "yett:recommended": "recommended",
    "yett:security": "security",
    "yett:strict": "strict",
}
"""Names of rulesets and the files that hold them.

`spectral:oas` is there so that rulesets that extend it run unchanged: its rules have the same ids.
"""


def builtin_text(name: str) -> str:
    """The text of a ruleset that comes with the product. Raises `KeyError` for a name that is none."""
    return files("yett.governance").joinpath("rulesets", f"{BUILTIN[name]}.yaml").read_text(encoding="utf-8")

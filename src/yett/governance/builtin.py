"""The rulesets that come with the product, by name."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Final

from yett.governance.rule import Rule

SETTINGS: Final = "yett:settings"
"""The name of the rules over configurations."""

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


def settings_rules() -> Iterator[Rule]:
    """The rules over configurations."""
    from yett.governance.rules import SETTINGS_RULES

    for one in SETTINGS_RULES:
        yield Rule(one.id, one.severity, (), (), one.why, hint=one.fix, look=one.look)

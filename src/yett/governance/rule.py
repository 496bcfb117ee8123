"""What a rule is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from yett.governance.jsonpath import Path, Place
    from yett.governance.settings import Look
    from yett.governance.subject import Subject

Severity = Literal["error", "warn", "info", "hint"]

SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warn", "info", "hint")
"""The worst first, as their numbers 0 to 3 go."""

SAID: Final[dict[str | int, Severity | None]] = {
    **{name: name for name in SEVERITIES}, **dict(enumerate(SEVERITIES)), "off": None,
}  # fmt: skip
"""What a ruleset may say for a severity: its name, its number, or `off`."""


class Absent:
    """The value of what is not there: `null` is a value, this is none."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True)
class Problem:
    """What a function finds wrong with a value. `path` leads to it from the value, or is the whole one if `absolute`.

    `property` names what is wrong where the last step of the path does not.
    """

    message: str
    path: tuple[str | int, ...] = ()
    absolute: bool = False
    property: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What a function is asked about: where the value stands, and the document around it."""

    path: tuple[str | int, ...]
    place: Place
    subject: Subject


Function = Callable[[Any, Any, Question], Iterator[Problem]]
"""A check that rules are made of: a value (`ABSENT` where there is none) and options; what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Then:
    """One check of a rule: a function with its options, on the value found or on a `field` of it (`@key`: its keys)."""

    function: str
    check: Function
    options: Any = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `given` are the places it looks at; with no `formats` it is for every document.

    `message` is a template with `{{error}}`, `{{property}}`, `{{path}}`, `{{value}}` and `{{description}}`. A rule over
    configurations has `look` in the place of `given` and `then`.
    """

    id: str
    severity: Severity
    given: tuple[Path, ...]
    then: tuple[Then, ...]
    description: str = ""
    message: str = ""
    formats: frozenset[str] = frozenset()
    resolved: bool = True
    recommended: bool = True
    link: str = ""
    hint: str = ""
    look: Look | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a rule found: where it stands (`line` from 1, `pointer` as RFC 6901 says), and what is wrong.

    `waived` says who puts up with it, why and until when; it counts for nothing then.
    """

    rule: str
    severity: Severity
    message: str
    file: str
    line: int
    pointer: str
    path: tuple[str | int, ...] = field(compare=False, default=())
    hint: str = field(compare=False, default="")
    link: str = field(compare=False, default="")
    waived: str = ""

"""Access policies: what narrows the grants of profiles, in Cedar's language or in a short form of our own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from yett.model.mode import Mode
from yett.model.place import NOWHERE, Place, Reference

Effect = Literal["forbid", "permit"]
"""Refuse what matches; or, where a permit is written for an operation, refuse what matches none."""

ClaimType = Literal["string", "integer", "boolean", "strings"]
"""What the value of a token's claim must be."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of Cedar as it was written.

    `line` and `column` are where its first character stands, 0 where that is not known. `indent` is how far each later
    line is moved to the right in the file.
    """

    text: str
    file: str = ""
    line: int = 0
    column: int = 0
    indent: int = 0

    def spot(self, line: int, column: int) -> tuple[str, int, int]:
        """File, line and column of what stands at `line` and `column` of the text; both count from 1."""
        if not self.line:
            return self.file, 0, 0
        if line == 1:
            return self.file, self.line, self.column + column - 1 if self.column else 0
        return self.file, self.line + line - 1, self.indent + column


@dataclass(frozen=True, slots=True)
class Scope:
    """What a policy in the short form is about.

    The operations by name (`*` as in a collection) and by collection, all of them where neither is given, and of those
    the ones with one of the `methods`. The callers that have one of the profiles, are one of the apps or belong to one
    of the teams; everybody where none is given.
    """

    operations: tuple[Reference, ...] = ()
    collections: tuple[Reference, ...] = ()
    methods: tuple[str, ...] = ()
    profiles: tuple[Reference, ...] = ()
    apps: tuple[Reference, ...] = ()
    teams: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """The short form: an effect on a scope, when one expression holds and another does not."""

    effect: Effect
    scope: Scope
    when: Passage | None = None
    unless: Passage | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """One named policy; `reason` is told to whoever it refuses."""

    name: str
    body: Passage | Rule
    mode: Mode = "enforce"
    reason: str | None = None
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy, as the engine understood it.

    `caller` is whom it is for, as kind (`app`, `team`, `profile`) and name, `None` for everybody; `operations` are
    those in its scope. `stage` is what it needs to be judged: `head`, `body` or `response`.
    """

    label: str
    effect: Effect
    monitored: bool
    conditional: bool
    stage: Literal["head", "body", "response"]
    caller: tuple[str, str] | None
    operations: tuple[str, ...]

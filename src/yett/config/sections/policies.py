"""`policies`: conditions on what profiles grant."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from yett.config.files import read_file
from yett.config.sections.access import OperationName
from yett.config.sections.base import At, Shape
from yett.config.sections.scalars import Name, mistake
from yett.model.mode import Mode
from yett.model.policy import Passage, Policy, Rule, Scope

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"]
Expression = Annotated[str, Field(min_length=1, max_length=10_000)]


class ScopeShape(Shape):
    """What a policy is about; what is left out is not narrowed."""

    operations: list[OperationName] = Field(default_factory=list)
    """Operations as `api:operationId`; `*` stands for any characters after the colon."""
    collections: list[Name] = Field(default_factory=list)
    """Collections whose operations are meant, besides `operations`."""
    methods: list[Method] = Field(default_factory=list)
    """Of those operations, the ones with one of these HTTP methods."""
    profiles: list[Name] = Field(default_factory=list)
    """Callers that have one of these profiles."""
    apps: list[Name] = Field(default_factory=list)
    """These apps, besides the callers that `profiles` means."""
    teams: list[Name] = Field(default_factory=list)
    """Apps of these teams, besides the callers that `profiles` and `apps` mean."""


class PolicyShape(Shape):
    """One policy: `cedar`, `file`, `forbid` or `permit`."""

    name: Name
    """Name of the policy, told in events."""
    cedar: Annotated[str, Field(min_length=1, max_length=100_000)] | None = None
    """Statements in Cedar's language."""
    file: str | None = None
    """Path of a file with such statements, relative to this file."""
    forbid: ScopeShape | None = None
    """Refuse these requests."""
    permit: ScopeShape | None = None
    """Of these operations, let only such requests pass as this or another permit matches. It grants nothing."""
    when: Expression | None = None
    """Only when this expression of Cedar holds; with `forbid` or `permit`."""
    unless: Expression | None = None
    """Only when this expression of Cedar does not hold; with `forbid` or `permit`."""
    mode: Mode = "enforce"
    """`monitor` lets pass and records what would have been refused."""
    reason: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """What a refused caller is told besides the code; absent means nothing."""

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        given = [key for key in ("cedar", "file", "forbid", "permit") if getattr(self, key) is not None]
        if len(given) != 1:
            raise mistake(
                "policy-unclear",
                "a policy has one of `cedar`, `file`, `forbid` and `permit`",
                "write two policies" if given else "write `forbid: {operations: [...]}`, for example",
            )
        if given[0] in ("cedar", "file") and (self.when is not None or self.unless is not None):
            raise mistake("policy-unclear", f"`{given[0]}` holds its own conditions", "write them there")
        return self


def build_policy(shape: PolicyShape, at: At) -> Policy:
    """The policy that stands at `at`."""
    return Policy(shape.name, _body(shape, at), shape.mode, shape.reason, at.place)


def _body(shape: PolicyShape, at: At) -> Passage | Rule:
    if shape.cedar is not None:
        return _passage(shape.cedar, at / "cedar")
    if shape.file is not None:
        path = at.path(shape.file)
        return Passage((at / "file").read_text(path) or "", path, 1, 1)
    effect = "forbid" if shape.forbid is not None else "permit"
    return Rule(
        effect="forbid" if shape.forbid is not None else "permit",
        scope=_scope(shape.forbid or shape.permit or ScopeShape(), at / effect),
        when=None if shape.when is None else _passage(shape.when, at / "when"),
        unless=None if shape.unless is None else _passage(shape.unless, at / "unless"),
    )


def _scope(shape: ScopeShape, at: At) -> Scope:
    return Scope(
        operations=(at / "operations").references(shape.operations),
        collections=(at / "collections").references(shape.collections),
        methods=tuple(dict.fromkeys(shape.methods)),
        profiles=(at / "profiles").references(shape.profiles),
        apps=(at / "apps").references(shape.apps),
        teams=(at / "teams").references(shape.teams),
    )


def _passage(text: str, at: At) -> Passage:
    """A text with the place of its first character, looked for where its value was written.

    In a block (`|`) each line is indented alike. In quotes and folded text, characters may be spelled in other ways:
    where the text is not found as it is, only its line is known.
    """
    line = at.place.line
    try:
        source = read_file(at.file).decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        source = []
    first = text.split("\n", 1)[0]
    for number in (line, line + 1):
        written = source[number - 1] if 0 < number <= len(source) else ""
        column = written.find(first) if first.strip() else -1
        if column >= 0:
            return Passage(text, at.file, number, column + 1, column)
    return Passage(text, at.file, line)

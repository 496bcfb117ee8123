"""`collections`, `profiles` and `teams`: who may call what."""

from __future__ import annotations

import re
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from yett.config.sections.base import At, Shape
from yett.config.sections.limits import LimitShape, build_limits
from yett.config.sections.scalars import Name, mistake
from yett.model.access import Collection, Profile, Team
from yett.model.place import Reference

_OPERATION: Final = re.compile(r"[a-z0-9-]+:\S+")


def _operation(text: str) -> str:
    if _OPERATION.fullmatch(text):
        return text
    raise mistake(
        "operation-invalid",
        "an operation is named `api:operationId`",
        "`*` stands for any characters after the colon: `bookshop:list*`",
    )


OperationName = Annotated[str, AfterValidator(_operation), WithJsonSchema(
    {"type": "string", "pattern": f"^{_OPERATION.pattern}$", "examples": ["bookshop:getBook", "bookshop:list*"]}
)]  # fmt: skip


class CollectionShape(Shape):
    """A named group of operations."""

    name: Name
    """Name of the collection."""
    operations: Annotated[list[OperationName], Field(min_length=1)]
    """Operations as `api:operationId`; `*` stands for any characters after the colon."""
    limits: list[LimitShape] = Field(default_factory=list)
    """Limits on the group as a whole."""


class GrantShape(Shape):
    """One thing a profile may call: a collection or an operation."""

    collection: Name | None = None
    """Name of a collection."""
    operation: OperationName | None = None
    """An operation as `api:operationId`; `*` stands for any characters after the colon."""

    @model_validator(mode="after")
    def _names_one_thing(self) -> Self:
        if (self.collection is None) is (self.operation is None):
            raise mistake("grant-unclear", "a grant has one of `collection` and `operation`")
        return self


class ProfileShape(Shape):
    """A named role."""

    name: Name
    """Name of the profile."""
    grants: list[GrantShape] = Field(default_factory=list)
    """What the profile may call; nothing else may be."""
    limits: list[LimitShape] = Field(default_factory=list)
    """Limits on callers with this profile."""


class TeamShape(Shape):
    """Who owns APIs and apps."""

    name: Name
    """Name of the team."""


def build_collection(shape: CollectionShape, at: At) -> Collection:
    """The collection that stands at `at`."""
    operations = (at / "operations").references(shape.operations)
    return Collection(shape.name, operations, build_limits(shape.limits, at / "limits"), at.place)


def build_profile(shape: ProfileShape, at: At) -> Profile:
    """The profile that stands at `at`."""
    collections, operations = [], []
    for index, grant in enumerate(shape.grants):
        place = (at / "grants" / index).place
        if grant.collection is not None:
            collections.append(Reference(grant.collection, place))
        if grant.operation is not None:
            operations.append(Reference(grant.operation, place))
    limits = build_limits(shape.limits, at / "limits")
    return Profile(shape.name, tuple(collections), tuple(operations), limits, at.place)


def build_team(shape: TeamShape, at: At) -> Team:
    """The team that stands at `at`."""
    return Team(shape.name, at.place)

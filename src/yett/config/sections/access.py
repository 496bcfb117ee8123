"""`collections`, `profiles`, `teams`, `users` and `duties`: who may call what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from yett.config.sections.base import At, Shape
from yett.config.sections.data import DataClass
from yett.config.sections.limits import LimitShape, build_limits
from yett.config.sections.scalars import Moment, Name, mistake
from yett.model.access import Assignment, Collection, Duty, Grant, Identity, Profile, Reach, Team, User, Window
from yett.model.rights import RIGHTS
from yett.model.suggestion import did_you_mean

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


def _right(text: str) -> str:
    if text in RIGHTS:
        return text
    if "*" in text:
        raise mistake("right-unknown", "console rights are named one by one, without `*`", "docs/access.md lists them")
    raise mistake("right-unknown", "there is no such console right", did_you_mean(text, RIGHTS))


Right = Annotated[str, AfterValidator(_right), WithJsonSchema({"type": "string", "enum": list(RIGHTS)})]
"""A console right, `resource:action`."""


class CollectionShape(Shape):
    """A named group of operations."""

    name: Name
    """Name of the collection."""
    operations: Annotated[list[OperationName], Field(min_length=1)]
    """Operations as `api:operationId`; `*` stands for any characters after the colon."""
    limits: list[LimitShape] = Field(default_factory=list)
    """Limits on the group as a whole."""


class DenyShape(Shape):
    """One thing that nobody with the profile may call, whatever else grants it: a collection or an operation."""

    collection: Name | None = None
    """Name of a collection."""
    operation: OperationName | None = None
    """An operation as `api:operationId`; `*` stands for any characters after the colon."""

    @model_validator(mode="after")
    def _names_one_thing(self) -> Self:
        if (self.collection is None) is (self.operation is None):
            raise mistake("grant-unclear", "a grant or a deny has one of `collection` and `operation`")
        return self


class GrantShape(DenyShape):
    """One thing a profile may call: a collection or an operation."""

    from_: Moment | None = Field(default=None, alias="from")
    """Date, or date with time, from which it is granted; absent means at once."""
    until: Moment | None = None
    """Date, or date with time, from which it is no longer granted; absent means for ever."""


class ProfileShape(Shape):
    """A named role."""

    name: Name
    """Name of the profile."""
    inherits: list[Name] = Field(default_factory=list)
    """Profiles whose grants, denies and console rights this one has too. Their limits count where it has none."""
    grants: list[GrantShape] = Field(default_factory=list)
    """What the profile may call; nothing else may be."""
    denies: list[DenyShape] = Field(default_factory=list)
    """What nobody with this profile may call, even where another of their profiles grants it."""
    console: list[Right] = Field(default_factory=list)
    """What people with this profile may do in the console, right by right."""
    limits: list[LimitShape] = Field(default_factory=list)
    """Limits on callers with this profile."""
    sees: list[DataClass] = Field(default_factory=list)
    """Classes of data (`x-yett-data`) that whoever has this profile sees unmasked, those below them and those that
    inherited profiles see too."""


class TimedProfileShape(Shape):
    """A profile that is held for a time."""

    profile: Name
    """Name of the profile."""
    from_: Moment | None = Field(default=None, alias="from")
    """Date, or date with time, from which it is held; absent means at once."""
    until: Moment | None = None
    """Date, or date with time, from which it is no longer held; absent means for ever."""


AssignmentShape = Annotated[
    Annotated[Name, Tag("<name>")] | Annotated[TimedProfileShape, Tag("<timed>")],
    Discriminator(
        lambda value: "<name>" if isinstance(value, str) else "<timed>",
        custom_error_type="profile-unclear",
        custom_error_message="a profile is given by its name, or as `profile` with `from` or `until`",
    ),
]
"""A profile that somebody has."""


class TeamShape(Shape):
    """Who owns APIs and apps."""

    name: Name
    """Name of the team."""
    profiles: list[AssignmentShape] = Field(default_factory=list)
    """Profiles that every app and every member of the team has."""
    members: list[Name] = Field(default_factory=list)
    """Users of the team, besides those who name it among their `teams`."""


IdentityText = Annotated[str, Field(min_length=1, max_length=256)]


class IdentityShape(Shape):
    """As whom an issuer knows the user."""

    issuer: IdentityText
    """Name of one of `issuers`, or the `iss` of its tokens; also that of one of `tokens.subject_issuers`."""
    subject: IdentityText
    """What its tokens call the user: the value of the claim that `user_from` of the issuer names, mostly `sub`."""


class UserShape(Shape):
    """A person."""

    name: Name
    """Name of the user."""
    teams: list[Name] = Field(default_factory=list)
    """Teams of the user, besides those that name the user among their `members`."""
    profiles: list[AssignmentShape] = Field(default_factory=list)
    """Profiles the user has, besides those of the teams."""
    issuer: IdentityText | None = None
    """Issuer whose tokens may speak for the user: name of one of `issuers`, or `iss`. Absent means the one issuer whose
    tokens tell of users; where there are several, it must be said."""
    subject: IdentityText | None = None
    """What that issuer calls the user; absent means by `name`."""
    identities: list[IdentityShape] = Field(default_factory=list)
    """Issuers that know the user, where there are several."""

    @model_validator(mode="after")
    def _is_known_in_one_way(self) -> Self:
        if self.subject is not None and self.issuer is None:
            raise mistake("identity-unclear", "a subject means nothing without its issuer", "name the `issuer` too")
        if self.issuer is not None and self.identities:
            raise mistake("identity-unclear", "a user has one of `issuer` and `identities`", "put both in `identities`")
        return self


class DutyShape(Shape):
    """Duties that must lie in different hands."""

    name: Name
    """Name of the duty."""
    rights: Annotated[list[Annotated[list[Right], Field(min_length=1)]], Field(min_length=2)] | None = None
    """Two or more sets of console rights: nobody may have rights from two of them at the same time."""
    operations: Annotated[list[Annotated[list[OperationName], Field(min_length=1)]], Field(min_length=2)] | None = None
    """Two or more sets of operations: nobody may be granted operations from two of them at the same time."""

    @model_validator(mode="after")
    def _is_about_one_kind(self) -> Self:
        if (self.rights is None) is (self.operations is None):
            raise mistake("duty-unclear", "a duty has one of `rights` and `operations`")
        return self


def build_collection(shape: CollectionShape, at: At) -> Collection:
    """The collection that stands at `at`."""
    operations = (at / "operations").references(shape.operations)
    return Collection(shape.name, operations, build_limits(shape.limits, at / "limits"), at.place)


def build_profile(shape: ProfileShape, at: At) -> Profile:
    """The profile that stands at `at`."""
    return Profile(
        name=shape.name,
        grants=tuple(_build_grant(one, at / "grants" / index) for index, one in enumerate(shape.grants)),
        denies=tuple(_build_reach(one, at / "denies" / index) for index, one in enumerate(shape.denies)),
        inherits=(at / "inherits").references(shape.inherits),
        rights=(at / "console").references(shape.console),
        limits=build_limits(shape.limits, at / "limits"),
        sees=tuple(dict.fromkeys(shape.sees)),
        place=at.place,
    )


def _build_grant(shape: GrantShape, at: At) -> Grant:
    return Grant(_build_reach(shape, at), _build_window(shape.from_, shape.until, at))


def _build_reach(shape: DenyShape, at: At) -> Reach:
    if shape.collection is not None:
        return Reach("collection", shape.collection, at.place)
    return Reach("operation", shape.operation or "", at.place)


def _build_window(since: int | None, until: int | None, at: At) -> Window:
    window = Window(since, until)
    if window.empty:
        at.report(
            "window-empty", "`until` is not after `from`, so this never holds", "`until` is the first day without"
        )
    return window


def build_assignments(shapes: Sequence[str | TimedProfileShape], at: At) -> tuple[Assignment, ...]:
    """The profiles of the list that stands at `at`."""
    return tuple(_build_assignment(shape, at / index) for index, shape in enumerate(shapes))


def _build_assignment(shape: str | TimedProfileShape, at: At) -> Assignment:
    if isinstance(shape, str):
        return Assignment(shape, place=at.place)
    return Assignment(shape.profile, _build_window(shape.from_, shape.until, at), at.place)


def build_team(shape: TeamShape, at: At) -> Team:
    """The team that stands at `at`."""
    profiles = build_assignments(shape.profiles, at / "profiles")
    return Team(shape.name, profiles, (at / "members").references(shape.members), at.place)


def build_user(shape: UserShape, at: At) -> User:
    """The user that stands at `at`."""
    profiles = build_assignments(shape.profiles, at / "profiles")
    identities = tuple(
        Identity(one.issuer, one.subject, (at / "identities" / index).place)
        for index, one in enumerate(shape.identities)
    )
    if shape.issuer is not None:
        identities = (Identity(shape.issuer, shape.subject or shape.name, (at / "issuer").place),)
    return User(shape.name, (at / "teams").references(shape.teams), profiles, identities, at.place)


def build_duty(shape: DutyShape, at: At) -> Duty:
    """The duty that stands at `at`."""
    kind: Literal["rights", "operations"] = "operations" if shape.rights is None else "rights"
    sets = [(at / kind / index).references(names) for index, names in enumerate(shape.rights or shape.operations or ())]
    return Duty(shape.name, kind, tuple(sets), at.place)

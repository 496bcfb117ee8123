"""A whole configuration file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yett.config.sections.access import CollectionShape, DutyShape, ProfileShape, TeamShape, UserShape
from yett.config.sections.apis import ApiShape
from yett.config.sections.apps import AppShape
from yett.config.sections.base import Shape
from yett.config.sections.callouts import CalloutShape
from yett.config.sections.gateway import GatewayShape
from yett.config.sections.governance import GovernanceShape
from yett.config.sections.issuers import IssuerShape
from yett.config.sections.policies import PolicyShape
from yett.config.sections.tokens import TokensShape


class FileShape(Shape):
    """A Yett configuration file: `yett.yaml`, or one of a folder of such files."""

    yett: Literal[1]
    """Version of the configuration format."""
    gateway: GatewayShape | None = None
    """The gateway process itself; in one file only."""
    apis: list[ApiShape] = Field(default_factory=list)
    """What is offered to callers."""
    collections: list[CollectionShape] = Field(default_factory=list)
    """Named groups of operations, across APIs."""
    profiles: list[ProfileShape] = Field(default_factory=list)
    """Named roles: what they may call, and how much."""
    teams: list[TeamShape] = Field(default_factory=list)
    """Who owns APIs and apps."""
    users: list[UserShape] = Field(default_factory=list)
    """The people of the teams."""
    duties: list[DutyShape] = Field(default_factory=list)
    """What must lie in different hands."""
    apps: list[AppShape] = Field(default_factory=list)
    """The programs that call."""
    tokens: TokensShape | None = None
    """The token endpoint for machine clients; in one file only; absent means none."""
    governance: GovernanceShape | None = None
    """What must hold of an API before it is published; in one file only; absent means nothing."""
    issuers: list[IssuerShape] = Field(default_factory=list)
    """Whose tokens are accepted."""
    policies: list[PolicyShape] = Field(default_factory=list)
    """Conditions on what profiles grant."""
    callouts: list[CalloutShape] = Field(default_factory=list)
    """Who outside has a say whether a request may pass."""


LATER_SECTIONS = frozenset({"admin", "plans", "subscriptions", "controls", "portal", "console"})
"""Sections of the vocabulary that this version does not read: refused by name, never accepted and ignored."""

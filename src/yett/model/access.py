"""Who may call what: collections, profiles, teams, users, apps and their credentials."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from yett.model.limit import Limit
from yett.model.place import NOWHERE, Place, Reference
from yett.model.proofs import AppProofs
from yett.model.secret import HashedKey, SecretReference
from yett.model.tokens import TokenClient


@dataclass(frozen=True, slots=True)
class Collection:
    """A named group of operations, across APIs: `api:operationId`, `*` standing for any characters after the colon."""

    name: str
    operations: tuple[Reference, ...]
    limits: tuple[Limit, ...] = ()
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Window:
    """From the Unix second `since` until before the Unix second `until`; `None` means from ever, and for ever."""

    since: int | None = None
    until: int | None = None

    def holds(self, at: float) -> bool:
        """Whether it holds at a Unix second."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)

    def meet(self, other: Window) -> Window:
        """When both hold."""
        since = max((one for one in (self.since, other.since) if one is not None), default=None)
        until = min((one for one in (self.until, other.until) if one is not None), default=None)
        return Window(since, until)

    @property
    def empty(self) -> bool:
        """Whether it never holds."""
        return self.since is not None and self.until is not None and self.since >= self.until


ALWAYS: Final = Window()
"""For ever."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What a grant or a deny is about: a collection, or operations by name (`*` as in a collection)."""

    kind: Literal["collection", "operation"]
    name: str
    place: Place = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return f"collection {self.name}" if self.kind == "collection" else self.name


@dataclass(frozen=True, slots=True)
class Grant:
    """What a profile grants, and when."""

    reach: Reach
    window: Window = ALWAYS


@dataclass(frozen=True, slots=True)
class Profile:
    """A named role: what it grants and denies, and the limits and console rights of whoever has it.

    `inherits` names profiles whose grants, denies and rights it has too, and whose limits where it has none itself.
    `sees` are the classes of data that are not masked for whoever has it.
    """

    name: str
    grants: tuple[Grant, ...] = ()
    denies: tuple[Reach, ...] = ()
    inherits: tuple[Reference, ...] = ()
    rights: tuple[Reference, ...] = ()
    limits: tuple[Limit, ...] = ()
    sees: tuple[str, ...] = ()
    place: Place = field(default=NOWHERE, compare=False, repr=False)

    @property
    def reaches(self) -> tuple[Reach, ...]:
        """All that is granted or denied."""
        return (*(grant.reach for grant in self.grants), *self.denies)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A profile that somebody has, by its name, and when."""

    name: str
    window: Window = ALWAYS
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Team:
    """Who owns APIs and apps. Its apps and members have its profiles."""

    name: str
    profiles: tuple[Assignment, ...] = ()
    members: tuple[Reference, ...] = ()
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """As whom an issuer knows a user: `issuer` is the name of one of `issuers`, or the `iss` of its tokens."""

    issuer: str
    subject: str
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class User:
    """A person. Without `identities` the one issuer there is knows them by `name`."""

    name: str
    teams: tuple[Reference, ...] = ()
    profiles: tuple[Assignment, ...] = ()
    identities: tuple[Identity, ...] = ()
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Duty:
    """Sets of rights, or of operations, of which nobody may have something from two."""

    name: str
    kind: Literal["rights", "operations"]
    sets: tuple[tuple[Reference, ...], ...]
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Key:
    """An API key of an app, by reference or by keyed hash.

    `expires_at` is the Unix second from which it is refused; `profiles` is the subset of the app's profiles that it
    carries, `None` meaning all of them; without an `id` one is made from the key's public prefix; `made_at` is for
    reports.
    """

    source: SecretReference | HashedKey
    id: str | None = None
    expires_at: int | None = None
    profiles: tuple[Reference, ...] | None = None
    made_at: int | None = None
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class App:
    """A program that calls APIs, on behalf of its team; an `agent` also for users. `plan` is the one it is on."""

    name: str
    team: Reference
    agent: bool = False
    plan: str | None = None
    profiles: tuple[Assignment, ...] = ()
    limits: tuple[Limit, ...] = ()
    keys: tuple[Key, ...] = ()
    clients: tuple[TokenClient, ...] = ()
    proofs: AppProofs = AppProofs()
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Credential:
    """A key ready for a gateway: looked up by `prefix`, proven by `hash`. Nothing in it is secret in the clear."""

    id: str
    app: str
    prefix: str
    hash: str
    expires_at: int | None = None
    profiles: tuple[str, ...] | None = None
    made_at: int | None = None
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Every credential, and what tells the pepper they are hashed under from others; no pepper, no credentials."""

    items: tuple[Credential, ...] = ()
    pepper_id: str | None = None

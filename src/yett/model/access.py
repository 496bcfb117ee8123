"""Who may call what: collections, profiles, teams, apps and their credentials."""

from __future__ import annotations

from dataclasses import dataclass, field

from yett.model.limit import Limit
from yett.model.place import NOWHERE, Place, Reference
from yett.model.secret import HashedKey, SecretReference


@dataclass(frozen=True, slots=True)
class Collection:
    """A named group of operations, across APIs: `api:operationId`, `*` standing for any characters after the colon."""

    name: str
    operations: tuple[Reference, ...]
    limits: tuple[Limit, ...] = ()
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Profile:
    """A named role: what it grants, and the limits on whoever has it."""

    name: str
    collections: tuple[Reference, ...] = ()
    operations: tuple[Reference, ...] = ()
    limits: tuple[Limit, ...] = ()
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Team:
    """Who owns APIs and apps."""

    name: str
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Key:
    """An API key of an app, by reference or by keyed hash.

    `expires_at` is the Unix second from which it is refused; `profiles` is the subset of the app's profiles that it
    carries, `None` meaning all of them; without an `id` one is made from the key's public prefix.
    """

    source: SecretReference | HashedKey
    id: str | None = None
    expires_at: int | None = None
    profiles: tuple[Reference, ...] | None = None
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class App:
    """A program that calls APIs, on behalf of its team."""

    name: str
    team: Reference
    profiles: tuple[Reference, ...] = ()
    limits: tuple[Limit, ...] = ()
    keys: tuple[Key, ...] = ()
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
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Every credential, and what tells the pepper they are hashed under from others; no pepper, no credentials."""

    items: tuple[Credential, ...] = ()
    pepper_id: str | None = None

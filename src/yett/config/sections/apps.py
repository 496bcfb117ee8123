"""`apps`: the programs that call, and the keys they prove themselves with."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema

from yett.access.keys import is_hash, is_prefix
from yett.config.sections.access import AssignmentShape, build_assignments
from yett.config.sections.base import At, Shape, key_of
from yett.config.sections.limits import LimitShape, build_limits
from yett.config.sections.proofs import CertificateShape, PasswordShape, SigningKeyShape, build_proofs
from yett.config.sections.scalars import Expiry, Name, mistake
from yett.config.sections.secrets import EnvShape, FileShape, SecretShape, build_secret
from yett.config.sections.tokens import ClientShape, build_client
from yett.model.access import App, Key
from yett.model.place import Reference
from yett.model.secret import HashedKey

_KINDS = {"env": "<env>", "file": "<file>", "hash": "<hash>", "prefix": "<hash>"}


def _hash(text: str) -> str:
    if is_hash(text):
        return text
    raise mistake(
        "hash-invalid", "the hash of a key is 64 lower-case hex digits", "`yett key new` prints the whole line"
    )


def _prefix(text: str) -> str:
    if is_prefix(text):
        return text
    raise mistake(
        "prefix-invalid",
        "the prefix of a key is `yett_<env>_` and 8 characters",
        "`yett key new` prints the whole line",
    )


class _Terms(Shape):
    """What any key may say about itself."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")] | None = None
    """Id shown in logs; absent means one made from the app's name and the key's public prefix."""
    expires: Expiry | None = None
    """Date, or date with time, from which the key is refused."""
    profiles: list[Name] | None = None
    """The subset of the profiles of the app and its team that this key carries; absent means all of them."""
    made: Expiry | None = None
    """Date on which it was made, for `yett key report`."""


class EnvKeyShape(EnvShape, _Terms):
    """A key in an environment variable."""


class FileKeyShape(FileShape, _Terms):
    """A key in a file."""


class HashedKeyShape(_Terms):
    """A key that only its holder knows: `yett key new` prints this line."""

    hash: Annotated[str, AfterValidator(_hash), WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{64}$"})]
    """Keyed hash of the key."""
    prefix: Annotated[str, AfterValidator(_prefix), WithJsonSchema({"type": "string", "pattern": "^yett_"})]
    """Public part of the key: `yett_<env>_` and eight characters."""


KeyShape = Annotated[
    Annotated[EnvKeyShape, Tag("<env>")]
    | Annotated[FileKeyShape, Tag("<file>")]
    | Annotated[HashedKeyShape, Tag("<hash>")],
    Discriminator(
        lambda value: key_of(value, _KINDS),
        custom_error_type="secret-literal",
        custom_error_message="a key is named, never written: `env: NAME`, `file: PATH`, or `hash` with `prefix`",
    ),
]
"""One key of an app."""


class AppShape(Shape):
    """A program that calls APIs."""

    name: Name
    """Name of the app."""
    team: Name
    """Team the app belongs to."""
    agent: bool = False
    """Whether it acts for users: what it may do for one is what both may do."""
    plan: Name | None = None
    """Name of the plan the app is on: policies read it as `context.plan`."""
    profiles: list[AssignmentShape] = Field(default_factory=list)
    """Profiles the app has, besides those of its team."""
    limits: list[LimitShape] = Field(default_factory=list)
    """Limits on this app alone."""
    keys: list[KeyShape] = Field(default_factory=list)
    """Its API keys: several, so that they can be rotated."""
    certificates: list[CertificateShape] = Field(default_factory=list)
    """Its client certificates."""
    signing_keys: list[SigningKeyShape] = Field(default_factory=list)
    """The keys it signs requests with."""
    webhook_secrets: list[SecretShape] = Field(default_factory=list, max_length=8)
    """The secrets of its webhooks: several, so that they can be rotated."""
    passwords: list[PasswordShape] = Field(default_factory=list)
    """Its user names and passwords."""
    clients: list[ClientShape] = Field(default_factory=list)
    """How it gets tokens from the token endpoint."""


def build_app(shape: AppShape, at: At) -> App:
    """The app that stands at `at`."""
    return App(
        name=shape.name,
        team=Reference(shape.team, (at / "team").place),
        agent=shape.agent,
        plan=shape.plan,
        profiles=build_assignments(shape.profiles, at / "profiles"),
        limits=build_limits(shape.limits, at / "limits"),
        keys=tuple(_build_key(key, at / "keys" / index) for index, key in enumerate(shape.keys)),
        proofs=build_proofs(shape, at),
        clients=tuple(build_client(one, at / "clients" / index) for index, one in enumerate(shape.clients)),
        place=at.place,
    )


def _build_key(shape: KeyShape, at: At) -> Key:
    source = HashedKey(shape.prefix, shape.hash) if isinstance(shape, HashedKeyShape) else build_secret(shape, at)
    profiles = None if shape.profiles is None else (at / "profiles").references(shape.profiles)
    return Key(source, shape.id, shape.expires, profiles, shape.made, at.place)

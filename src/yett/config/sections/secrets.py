"""Secrets are named, never written."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Field, Tag

from yett.config.sections.base import At, Shape, key_of
from yett.model.secret import SecretReference

_KINDS = {"env": "<env>", "file": "<file>"}


class EnvShape(Shape):
    """A secret in an environment variable."""

    env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=256)]
    """Name of the environment variable."""


class FileShape(Shape):
    """A secret in a file."""

    file: Annotated[str, Field(min_length=1)]
    """Path of the file, relative to this one; white space around its text is dropped."""


SecretShape = Annotated[
    Annotated[EnvShape, Tag("<env>")] | Annotated[FileShape, Tag("<file>")],
    Discriminator(
        lambda value: key_of(value, _KINDS),
        custom_error_type="secret-literal",
        custom_error_message="a secret is named, never written: `env: NAME` or `file: PATH`",
    ),
]
"""A reference to a secret."""


def build_secret(shape: EnvShape | FileShape, at: At) -> SecretReference:
    """The reference that stands at `at`."""
    if isinstance(shape, EnvShape):
        return SecretReference("env", shape.env, at.place)
    return SecretReference("file", at.path(shape.file), at.place)

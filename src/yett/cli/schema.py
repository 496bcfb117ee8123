"""`yett schema`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Subject(StrEnum):
    """What a schema can be printed of."""

    CONFIG = "config"
    COLLECTION = "collection"
    SNAPSHOT = "snapshot"
    PATCH = "patch"
    EVENT = "event"
    DECISION = "decision"
    OPTIONS = "options"


def schema(
    subject: Annotated[Subject, typer.Argument(help="What to print the schema of.")] = Subject.CONFIG,
) -> None:
    """Print a JSON Schema. Editors check a configuration that names it in its first line.

    Put `# yaml-language-server: $schema=PATH` there. All but `config` and `collection` come from the native engine.
    """
    from yett.cli.output import show_json, told_errors
    from yett.services.schemas import schema_of

    with told_errors():
        show_json(schema_of(subject.value))

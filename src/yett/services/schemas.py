"""The JSON Schemas of what people and programs write and read."""

from __future__ import annotations

from typing import Any

from yett.config import configuration_schema
from yett.gateway import catalogue


def schema_of(subject: str) -> dict[str, Any]:
    """The schema of `config`, or of what crosses the seam.

    That is `snapshot`, `patch`, `event`, `finding`, `decision` and `options`.
    Raises `NativeMissingError` for all but `config` without the native engine, and `KeyError` for other subjects.
    """
    if subject == "config":
        return configuration_schema()
    schema: dict[str, Any] = catalogue()["schemas"][subject]
    return schema

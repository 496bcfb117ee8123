"""The JSON Schemas of what people and programs write and read."""

from __future__ import annotations

from typing import Any

from yett.collections.own import collection_schema
from yett.config import configuration_schema
from yett.gateway import catalogue


def schema_of(subject: str) -> dict[str, Any]:
    """The schema of `config`, of a `collection` of requests, or of what crosses the seam.

    That is `snapshot`, `patch`, `event`, `finding`, `decision` and `options`.
    Raises `NativeMissingError` for what crosses the seam without the native engine, and `KeyError` for other subjects.
    """
    if subject == "config":
        return configuration_schema()
    if subject == "collection":
        return collection_schema()
    schema: dict[str, Any] = catalogue()["schemas"][subject]
    return schema

"""The JSON Schema that editors check a configuration file with."""

from __future__ import annotations

from typing import Any

from yett.config.sections.file import FileShape


def configuration_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of one configuration file."""
    schema = FileShape.model_json_schema(by_alias=True, mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:yett:config", **schema}

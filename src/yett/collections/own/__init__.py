"""Our own file: `*.collection.yaml`, with a JSON Schema, made to be written by hand and read in reviews."""

from __future__ import annotations

from yett.collections.own.read import collection_schema, read_own, read_own_environment
from yett.collections.own.write import write_own

__all__ = ["collection_schema", "read_own", "read_own_environment", "write_own"]

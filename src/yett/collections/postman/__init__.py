"""Postman's collections: version 2.1 is read and written, 2.0 is read."""

from __future__ import annotations

from yett.collections.postman.read import read_environment, read_postman
from yett.collections.postman.write import write_environment, write_postman

__all__ = ["read_environment", "read_postman", "write_environment", "write_postman"]

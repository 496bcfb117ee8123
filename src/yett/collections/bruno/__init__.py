"""Bruno's collections: folders of `.bru` files, and its YAML form (OpenCollection 1.0), as folders or in one file."""

from __future__ import annotations

from yett.collections.bruno.folder import read_bruno
from yett.collections.bruno.opencollection import read_opencollection
from yett.collections.bruno.write import write_bruno

__all__ = ["read_bruno", "read_opencollection", "write_bruno"]

"""Copies of documents that may be changed: nothing in them is shared, as parts of a YAML document with aliases are."""

from __future__ import annotations

from typing import Any


def fresh(value: Any) -> Any:
    """A copy in which no part stands in two places."""
    if isinstance(value, dict):
        return {key: fresh(one) for key, one in value.items()}
    return [fresh(one) for one in value] if isinstance(value, list) else value

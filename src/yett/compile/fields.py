"""How a part of the snapshot is written down: what is absent is left out."""

from __future__ import annotations

from typing import Any


def compact(**fields: Any) -> dict[str, Any]:
    """`fields` without those that are absent or empty: the snapshot's defaults."""
    return {key: value for key, value in fields.items() if value is not None and value != [] and value != {}}

"""How much of a document is read before it is refused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one document; what exceeds them is refused with a diagnostic, never cut off.

    `max_bytes` counts the bytes of the text; `max_depth` the mappings and lists inside each other; `max_nodes` the
    values, each alias counted as often as it is used (so that an alias bomb costs what it would expand to).
    """

    max_bytes: int = 16 * 1024 * 1024
    max_depth: int = 200
    max_nodes: int = 2_000_000

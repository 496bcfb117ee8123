"""What has changed between two contracts, and what it means to those who call.

`compare_contracts` is the door. `kinds` says what there is to find and how bad each kind is; `operations`,
`parameters`, `bodies`, `security` and `schemas` find it; `collector` keeps each change once. Nothing here prints, and
nothing decides what may be published.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from yett.contract.diff.change import Change, Comparison, Spot
from yett.contract.diff.collector import Collector
from yett.contract.diff.kinds import KINDS, SEVERITIES, Kind, Severity
from yett.contract.diff.operations import OperationDiff
from yett.contract.diff.sides import Side

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["KINDS", "SEVERITIES", "Change", "Comparison", "Kind", "Severity", "Spot", "compare_contracts"]


def compare_contracts(old: Path, new: Path, *, allow: Sequence[Path] = (), today: date | None = None) -> Comparison:
    """Compare two OpenAPI documents, the older first.

    Files are read as `load_contract` reads them. Nothing is raised for what they hold: what is wrong is among the
    `diagnostics`. `today`, by default the day it is in UTC, decides whether an announced day has come.
    """
    sides = Side(old, allow), Side(new, allow)
    collector = Collector()
    if all(side.root is not None for side in sides):
        OperationDiff(*sides, collector, today or datetime.now(UTC).date()).compare()
    diagnostics = tuple(one for side in sides for one in side.diagnostics)
    return Comparison(sides[0].version, sides[1].version, collector.changes(), diagnostics)

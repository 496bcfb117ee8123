"""The report for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from yett.contract.diff.versions import judge_version

if TYPE_CHECKING:
    from yett.contract.diff.change import Comparison


def json_report(comparison: Comparison) -> str:
    """Everything that was found, as a JSON document."""
    verdict = judge_version(comparison)
    document = {
        "old_version": comparison.old_version,
        "new_version": comparison.new_version,
        "severity": comparison.severity,
        "version": {**asdict(verdict), "is_enough": verdict.is_enough},
        "changes": [{**asdict(change), "sentence": change.sentence} for change in comparison.changes],
        "diagnostics": [asdict(one) for one in comparison.diagnostics],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n"

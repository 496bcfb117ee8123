"""The report as SARIF 2.1.0, which code hosts show beside the lines of a contract."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from yett.contract.diff.kinds import KINDS, Severity

if TYPE_CHECKING:
    from yett.contract.diff.change import Change, Comparison

_LEVELS: Final[dict[Severity, str]] = {"breaking": "error", "potential": "warning", "safe": "note"}
_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif_report(comparison: Comparison) -> str:
    """One result for each change, at its line in the newer contract, or in the older one where it is gone."""
    used = sorted({change.kind for change in comparison.changes})
    rules = [
        {"id": kind, "fullDescription": {"text": KINDS[kind].why}, "shortDescription": {"text": kind.replace("-", " ")}}
        for kind in used
    ]
    run = {
        "tool": {"driver": {"name": "yett diff", "rules": rules}},
        "results": [_result(change, used) for change in comparison.changes],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _result(change: Change, used: list[str]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": change.kind,
        "ruleIndex": used.index(change.kind),
        "level": _LEVELS[change.severity],
        "message": {"text": change.sentence},
    }
    at = change.new or change.old
    if at is not None:
        place: dict[str, Any] = {"artifactLocation": {"uri": at.file}}
        if at.line:
            place["region"] = {"startLine": at.line}
        named = [{"fullyQualifiedName": operation, "kind": "member"} for operation in change.operations]
        result["locations"] = [{"physicalLocation": place, "logicalLocations": named}]
    return result

"""Compare two contracts, and say whether the newer one's version tells what has changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from yett.contract.diff import SEVERITIES, Change, Comparison, Severity, compare_contracts
from yett.contract.diff.reports import REPORTS
from yett.contract.diff.reports.groups import TITLES, by_severity, summary
from yett.contract.diff.versions import VersionVerdict, judge_version
from yett.model.diagnostic import has_errors

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Change", "Difference", "compare"]

_RANK: Final[dict[str, int]] = {severity: rank for rank, severity in enumerate(SEVERITIES)}


@dataclass(frozen=True, slots=True)
class Difference:
    """What has changed, and whether the version says so."""

    comparison: Comparison
    version: VersionVerdict

    @property
    def is_readable(self) -> bool:
        """Whether both contracts could be read; otherwise there is nothing to tell but the diagnostics."""
        return not has_errors(self.comparison.diagnostics)

    @property
    def summary(self) -> str:
        """How many changes there are, in a line."""
        return summary(self.comparison)

    @property
    def groups(self) -> list[tuple[str, Severity, dict[str, list[Change]]]]:
        """For each severity that occurs: its title, and the changes by the operations they show in."""
        return [(TITLES[severity], severity, found) for severity, found in by_severity(self.comparison)]

    def reaches(self, severity: str) -> bool:
        """Whether anything is as bad as `severity`, or worse."""
        worst = self.comparison.severity
        return worst is not None and _RANK[worst] <= _RANK[severity]

    def report(self, form: str) -> str:
        """The report of that name: `markdown`, `html`, `json` or `sarif`."""
        return REPORTS[form](self.comparison)


def compare(old: Path, new: Path) -> Difference:
    """Compare the contracts at two paths, the older first."""
    comparison = compare_contracts(old, new)
    return Difference(comparison, judge_version(comparison))

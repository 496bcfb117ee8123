"""What a comparison finds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from yett.contract.diff.kinds import KINDS, SEVERITIES, Severity

if TYPE_CHECKING:
    from yett.model.diagnostic import Diagnostic

Way = Literal["request", "response", "contract"]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something stands in one of the two contracts: file, line (from 1) and JSON pointer (RFC 6901)."""

    file: str
    line: int
    pointer: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change: what it is, where it shows, and the operations it shows in.

    `where` is a path as callers see it (`body.items[].quantity`), `before` and `after` are JSON values. `old` and `new`
    are the spots in the two contracts; a change of something shared has the same spot in every operation.
    """

    kind: str
    way: Way
    severity: Severity
    where: str
    before: Any
    after: Any
    name: str
    operations: tuple[str, ...]
    old: Spot | None
    new: Spot | None

    @property
    def sentence(self) -> str:
        """The change in one sentence for those who call the API."""
        from yett.contract.diff.words import phrase

        words = {"where": self.where, "name": self.name, "before": phrase(self.before), "after": phrase(self.after)}
        return KINDS[self.kind].sentence.format_map(words)


@dataclass(frozen=True, slots=True)
class Comparison:
    """All changes between two contracts, the worst first, and the versions they call themselves.

    With an error among `diagnostics` one of the contracts could not be read, and nothing was compared.
    """

    old_version: str
    new_version: str
    changes: tuple[Change, ...]
    diagnostics: tuple[Diagnostic, ...] = field(default=())

    @property
    def severity(self) -> Severity | None:
        """The worst there is; `None` where nothing has changed."""
        found = {change.severity for change in self.changes}
        return next((severity for severity in SEVERITIES if severity in found), None)

    @property
    def counts(self) -> Counter[Severity]:
        """How many changes there are of each severity."""
        return Counter(change.severity for change in self.changes)

"""Puts the black-box cases before the engine itself: a configuration, its snapshot, one decision."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.contract.prism_cases import Expectation, PrismCase, contract_of, expectation, read_cases
from yett.errors import SnapshotRefusedError
from yett.gateway import decide
from yett.services.assembly import assemble

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Stands for a status where the engine would not even run the contract.
REFUSED = 0

_CONFIGURATION = """\
yett: 1
apis:
  - {name: case, contract: contract.json, upstream: "http://127.0.0.1:9", base_path: /, public: true}
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was expected of a case and what the engine did; `status` is `None` where it let the request through."""

    case: PrismCase
    expected: Expectation
    status: int | None

    @property
    def passes(self) -> bool:
        """Whether the engine did what was expected; a case that is not run fails nothing."""
        return not self.expected.runs or self.status == self.expected.status


def run_cases(folder: Path, scratch: Path) -> Iterator[Outcome]:
    """Run every case below `folder` that is about requests."""
    for case in read_cases(folder):
        expected = expectation(case)
        yield Outcome(case, expected, _status(case, scratch) if expected.runs else None)


def _status(case: PrismCase, scratch: Path) -> int | None:
    (scratch / "contract.json").write_text(json.dumps(contract_of(case)))
    (scratch / "yett.yaml").write_text(_CONFIGURATION)
    assembly = assemble(str(scratch / "yett.yaml"), {})
    try:
        (decision,) = decide(assembly.snapshot(), [case.request], assembly.pepper.secret)
    except SnapshotRefusedError:
        return REFUSED
    return None if decision.allowed else decision.status

"""Whether the version of a contract says what has changed in it (Semantic Versioning 2.0.0)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from yett.contract.diff.change import Comparison

Step = Literal["major", "minor", "patch", "none"]

_STEPS: Final[tuple[Step, ...]] = ("none", "patch", "minor", "major")
_SEMANTIC: Final = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")
_ADDING: Final = re.compile(r"-(?:added|compatible|widened|loosened|lifted)$|^(?:opened|became-writable)$")


@dataclass(frozen=True, slots=True)
class VersionVerdict:
    """Whether a version's step is large enough: `needed` is the least, `made` the one that was made.

    `made` is `None` where one of the versions is not a semantic version.
    """

    needed: Step
    made: Step | None
    sentence: str

    @property
    def is_enough(self) -> bool:
        """Whether the version may be published with these changes."""
        return self.made is not None and _STEPS.index(self.made) >= _STEPS.index(self.needed)


def judge_version(comparison: Comparison) -> VersionVerdict:
    """Hold the step of the version against what has changed.

    What breaks callers needs a new major version, or below 1.0.0 a new minor one; what adds something a minor one;
    anything else a patch. A version that goes back is no step.
    """
    old, new = _parse(comparison.old_version), _parse(comparison.new_version)
    needed = _needed(comparison)
    if old is not None and old[0] == 0 and needed == "major":
        needed = "minor"
    if old is None or new is None:
        at_fault = comparison.old_version if old is None else comparison.new_version
        return VersionVerdict(needed, None, f"{at_fault!r} is not a semantic version (major.minor.patch)")
    made = _made(old, new)
    change = f"from {comparison.old_version} to {comparison.new_version}"
    if _STEPS.index(made) >= _STEPS.index(needed):
        return VersionVerdict(needed, made, f"the step {change} says what has changed")
    least = (
        "what has changed breaks callers"
        if needed in ("major", "minor") and _breaks(comparison)
        else "something changed"
    )
    return VersionVerdict(needed, made, f"{least}: the step {change} must be at least a new {needed} version")


def _breaks(comparison: Comparison) -> bool:
    return comparison.severity == "breaking"


def _needed(comparison: Comparison) -> Step:
    if _breaks(comparison):
        return "major"
    if any(_ADDING.search(change.kind) for change in comparison.changes) or comparison.severity == "potential":
        return "minor"
    return "patch" if comparison.changes else "none"


def _parse(version: str) -> tuple[int, int, int] | None:
    match = _SEMANTIC.fullmatch(version)
    return None if match is None else (int(match[1]), int(match[2]), int(match[3]))


def _made(old: tuple[int, int, int], new: tuple[int, int, int]) -> Step:
    if new <= old:
        return "none"
    return "major" if new[0] > old[0] else "minor" if new[1] > old[1] else "patch"

"""Where rules do not count, or count otherwise: overrides, and waivers that somebody answers for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from yett.governance.rule import SAID, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yett.governance.at import At
    from yett.model.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True)
class Override:
    """Rules that differ for some files, or below some pointers of them: severities by rule, `None` for off."""

    files: tuple[str, ...]
    severities: dict[str, Severity | None]


@dataclass(frozen=True, slots=True)
class Waiver:
    """Findings of a rule that somebody puts up with for a time, in files or below a pointer of them (`api.yaml#/x`)."""

    rule: str
    at: str
    owner: str
    reason: str
    until: date


def read_overrides(value: Any, at: At, told: list[Diagnostic]) -> Iterator[Override]:
    """The overrides that stand at a place; what is wrong with them is `told`."""
    for index, said in enumerate(value if isinstance(value, list) else ()):
        spot = at.below(index)
        rules = said.get("rules") if isinstance(said, dict) else None
        if not isinstance(rules, dict) or not isinstance(said.get("files"), list):
            hint = "an override has `files`, and `rules` with their severities"
            told.append(spot.diagnostic("override-malformed", "the override says too little", hint))
            continue
        severities: dict[str, Severity | None] = {}
        for name, entry in rules.items():
            severity = entry.get("severity") if isinstance(entry, dict) else entry
            if isinstance(severity, str | int) and severity in SAID:
                severities[str(name)] = SAID[severity]
            else:
                place = spot.below("rules").below(name)
                told.append(
                    place.diagnostic("severity-unknown", f"{severity!r} is no severity", "write off, or a severity")
                )
        yield Override(tuple(map(str, said["files"])), severities)


def read_waivers(value: Any, at: At, told: list[Diagnostic], today: date) -> Iterator[Waiver]:
    """The waivers that stand at a place; what is wrong with them, and which have ended, is `told`."""
    for index, said in enumerate(value if isinstance(value, list) else ()):
        spot, entry = at.below(index), said if isinstance(said, dict) else {}
        missing = [key for key in ("rule", "at", "owner", "reason", "until") if not isinstance(entry.get(key), str)]
        if missing:
            message = f"a waiver needs {' and '.join(f'`{key}`' for key in missing)}, as text"
            hint = "say which rule, where (`api.yaml#/paths/~1old`), who answers for it, why, and until which day"
            told.append(spot.diagnostic("waiver-malformed", message, hint))
            continue
        try:
            until = date.fromisoformat(entry["until"])
        except ValueError:
            message = f"{entry['until']!r} is no day"
            told.append(spot.below("until").diagnostic("waiver-malformed", message, "write it as 2026-12-31"))
            continue
        if until < today:
            message = f"the waiver of `{entry['rule']}` has ended on {until.isoformat()}"
            hint = f"{entry['owner']} should mend it, or say anew until when"
            told.append(spot.diagnostic("waiver-ended", message, hint, "warning"))
        yield Waiver(entry["rule"], entry["at"], entry["owner"], entry["reason"], until)

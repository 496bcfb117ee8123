"""What is done about guessed and stolen credentials."""

from __future__ import annotations

from dataclasses import dataclass

from yett.model.mode import Mode


@dataclass(frozen=True, slots=True)
class Failures:
    """Growing delays after credentials that were not accepted; times are milliseconds."""

    mode: Mode = "enforce"
    per_source: int = 20
    per_credential: int = 50
    window_ms: int = 600_000
    delay_ms: int = 1_000
    longest_ms: int = 900_000


@dataclass(frozen=True, slots=True)
class Networks:
    """From how many networks a key may be used within so many minutes before that is a finding; 0 for any number."""

    most: int = 20
    window_minutes: int = 60


@dataclass(frozen=True, slots=True)
class Leaks:
    """Where leaked keys are handed in, and how often a source may do so within the window."""

    path: str
    per_source: int = 10
    window_ms: int = 60_000


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should look at; the same thing seen again is the same finding. Times are Unix seconds."""

    id: str
    kind: str
    severity: str
    subject: str
    evidence: tuple[tuple[str, str], ...]
    first_seen: int
    last_seen: int
    count: int

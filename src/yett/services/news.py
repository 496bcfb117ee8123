"""What happens while a gateway runs, for whoever wants to tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yett.model.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True)
class Started:
    """The gateway serves. `addresses` are the bound ones; `warnings` did not stop it."""

    addresses: Mapping[str, Any]
    digest: str
    apis: int
    operations: int
    warnings: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Reloaded:
    """A change serves since now. `restart_for` names settings whose change waits for the next start."""

    digest: str
    seconds: float
    warnings: tuple[Diagnostic, ...]
    restart_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """A change was refused; what served before keeps serving."""

    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class ReloadFailed:
    """A change could not even be looked at; what served before keeps serving."""

    message: str


@dataclass(frozen=True, slots=True)
class Stopping:
    """No new requests are taken; those in flight have `grace_s` seconds."""

    grace_s: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """The gateway has ended; `left` is what the native gateway says was left."""

    left: Mapping[str, Any]


News = Started | Reloaded | Refused | ReloadFailed | Stopping | Stopped
"""One piece of news."""

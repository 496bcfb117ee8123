"""What happens while a gateway runs, for whoever wants to tell it."""

from __future__ import annotations

from dataclasses import dataclass

from yett.gateway import Bound
from yett.model.diagnostic import Diagnostic
from yett.model.stolen import Finding


@dataclass(frozen=True, slots=True)
class Started:
    """The gateway serves. `secure` says whether callers speak TLS; `warnings` did not stop it."""

    bound: Bound
    secure: bool
    digest: str
    apis: int
    operations: int
    warnings: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Reloaded:
    """A change serves since now.

    `warnings` are those that are new; `restart_for` names settings whose change waits for the next start;
    `certificates` tells whether certificates or other settings of TLS are among what changed.
    """

    digest: str
    seconds: float
    warnings: tuple[Diagnostic, ...]
    restart_for: tuple[str, ...]
    certificates: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A change was refused; what served before keeps serving."""

    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class SoundAgain:
    """A change that was refused has been put right, and what is written now is what serves."""

    digest: str


@dataclass(frozen=True, slots=True)
class ReloadFailed:
    """A change could not even be looked at; what served before keeps serving."""

    message: str


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something was noticed that a person should look at."""

    finding: Finding


@dataclass(frozen=True, slots=True)
class KeysLoaded:
    """The keys of a file serve; `strangers` of their holders are not in the configuration, and their keys refused."""

    path: str
    keys: int
    strangers: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Stopping:
    """No new requests are taken; those in flight have `grace_s` seconds."""

    grace_s: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """The gateway has ended; `cut` requests had not finished in time and were cut off."""

    cut: int


News = Started | Reloaded | Refused | SoundAgain | ReloadFailed | Noticed | KeysLoaded | Stopping | Stopped
"""One piece of news."""

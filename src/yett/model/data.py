"""Personal data and secrets: what is kept out of requests, and what of answers nobody sees who need not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from yett.model.mode import Mode

MaskBy = Literal["drop", "mask", "hash", "tokenise", "format-preserving"]
"""What becomes of a value that must not be seen: it goes; asterisks; a keyed digest; a keyed token; other characters of
the same kind."""

DETECTED: Final = (
    "pii.card",
    "pii.account.iban",
    "pii.email",
    "pii.phone",
    "pii.identity.us-ssn",
    "pii.identity.uk-nino",
    "pii.identity.de-tax",
    "pii.identity.fr-nir",
    "pii.identity.es-dni",
    "pii.identity.it-codice-fiscale",
    "pii.identity.br-cpf",
    "pii.identity.in-aadhaar",
    "pii.identity.nl-bsn",
    "pii.identity.pl-pesel",
    "secret.aws",
    "secret.github",
    "secret.gitlab",
    "secret.slack",
    "secret.stripe",
    "secret.google",
    "secret.npm",
    "secret.jwt",
    "secret.private-key",
    "secret.yett",
    "secret.named",
)
"""Classes that can be found in texts."""


@dataclass(frozen=True, slots=True)
class MaskGuard:
    """Masks classified data of answers, and keeps classes out of requests.

    `rules` are by class, the longest that covers a class counting; `detect` is looked for in the texts of answers,
    `detected` says what is done about it. Requests with what is in `forbid` are refused, what is in `redact` is masked.
    """

    mode: Mode = "enforce"
    rules: tuple[tuple[str, MaskBy], ...] = ()
    detect: tuple[str, ...] = ()
    detected: Mode = "enforce"
    forbid: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeaksGuard:
    """Keeps stack traces, SQL errors, internal addresses and versions in: of errors by `mode`, else by `answers`."""

    mode: Mode = "enforce"
    answers: Mode = "monitor"

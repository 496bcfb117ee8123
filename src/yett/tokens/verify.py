"""Signed tokens of others: taken apart to see whose they are, and judged by the one verifier, the gateway's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from yett.errors import GatewayError
from yett.gateway import Expectations, verify_jws, verify_jwt
from yett.tokens.encoding import decode, read_object
from yett.tokens.keys import ALGORITHMS, PublicKey

MAX_TOKEN_CHARACTERS: Final = 16 << 10
LEEWAY_S: Final = 30
"""How far the clocks of others may be off."""


class Distrust(Exception):
    """A token is not believed. The reason repeats nothing of the token but names."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A compact token taken apart; nothing of it is believed yet."""

    token: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]


def take_apart(token: str) -> Parts:
    """The parts of a compact token (RFC 7515 section 7.1). Raises `Distrust`."""
    if len(token) > MAX_TOKEN_CHARACTERS or token.count(".") != 2:
        raise Distrust("it is not a compact token")
    head, body, _ = token.split(".")
    try:
        return Parts(token, read_object(decode(head)), read_object(decode(body)))
    except (ValueError, UnicodeError):
        raise Distrust("its parts cannot be read") from None


def verify(
    parts: Parts,
    keys: Sequence[PublicKey],
    *,
    issuer: str,
    audiences: Sequence[str],
    now: float,
    types: Sequence[str] = (),
) -> Mapping[str, Any]:
    """The claims of a token of `issuer` for one of `audiences` that one of `keys` has signed. Raises `Distrust`.

    `types` are the values of `typ` that are taken; none means what tokens for access usually have.
    """
    expected = Expectations(issuer, tuple(audiences), ALGORITHMS, types=tuple(types), leeway_s=LEEWAY_S)
    try:
        return verify_jwt(parts.token, _key_set(keys), expected, now_s=int(now))
    except GatewayError as error:
        raise Distrust(str(error)) from None


def verify_proof(parts: Parts, key: PublicKey) -> Mapping[str, Any]:
    """What a proof says that `key` has signed; it is no token of an issuer. Raises `Distrust`."""
    try:
        return read_object(verify_jws(parts.token, _key_set((key,))))
    except (GatewayError, ValueError) as error:
        raise Distrust(str(error)) from None


def _key_set(keys: Sequence[PublicKey]) -> Mapping[str, Any]:
    return {"keys": [key.document for key in keys]}


def instant(claims: Mapping[str, Any], name: str) -> float | None:
    """A claim that is a time, as a Unix second; `None` where there is none. Raises `Distrust` for anything else."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not -(2**53) < value < 2**53:
        raise Distrust(f"its {name} is no time")
    return float(value)


def text(claims: Mapping[str, Any], name: str) -> str | None:
    """A claim that is a text; `None` where there is none. Raises `Distrust` for anything else."""
    value = claims.get(name)
    if value is not None and (not isinstance(value, str) or not value or len(value) > 1024):
        raise Distrust(f"its {name} is no text of a fitting length")
    return value

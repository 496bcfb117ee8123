"""The one place of this room where signed tokens of others are judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from yett.tokens.encoding import decode, read_object
from yett.tokens.keys import PublicKey

MAX_TOKEN_CHARACTERS: Final = 16 << 10
LEEWAY_S: Final = 30
"""How far the clocks of others may be off."""


class Distrust(Exception):
    """A token is not believed. The reason is for the log, not for whoever sent it."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A token whose signature is right. Its claims are checked by whoever knows what they must be."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Parts:
    """A compact token taken apart; nothing of it is believed yet."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes


def take_apart(token: str) -> Parts:
    """The parts of a compact token (RFC 7515 section 7.1). Raises `Distrust`."""
    if len(token) > MAX_TOKEN_CHARACTERS or token.count(".") != 2:
        raise Distrust("it is not a compact token")
    head, body, signature = token.split(".")
    try:
        parts = Parts(
            read_object(decode(head)), read_object(decode(body)), f"{head}.{body}".encode("ascii"), decode(signature)
        )
    except (ValueError, UnicodeError):
        raise Distrust("its parts cannot be read") from None
    if "crit" in parts.header or "b64" in parts.header:
        raise Distrust("its header asks for something that is not understood")
    return parts


def verify(token: str | Parts, keys: Sequence[PublicKey], *, types: Sequence[str] | None = None) -> Verified:
    """The content of a token that one of `keys` has signed. Raises `Distrust`.

    A `kid` in the header must be the key's where keys have names; keys in the header, or places to fetch them from, are
    never looked at. `types` are the values of `typ` that are taken, without `application/`; `None` takes any.
    """
    parts = take_apart(token) if isinstance(token, str) else token
    if types is not None:
        typ = parts.header.get("typ")
        if not isinstance(typ, str) or typ.lower().removeprefix("application/") not in types:
            raise Distrust("it is of another type")
    algorithm, kid = parts.header.get("alg"), parts.header.get("kid")
    if not isinstance(algorithm, str):
        raise Distrust("it names no algorithm")
    fitting = [key for key in keys if kid is None or key.kid is None or key.kid == kid]
    if not any(key.verifies(algorithm, parts.signed, parts.signature) for key in fitting):
        raise Distrust("no key has made its signature")
    return Verified(parts.header, parts.claims)


def instant(claims: Mapping[str, Any], name: str) -> float | None:
    """A claim that is a time, as a Unix second; `None` where there is none. Raises `Distrust` for anything else."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not -(2**53) < value < 2**53:
        raise Distrust(f"its {name} is no time")
    return float(value)


def check_times(claims: Mapping[str, Any], now: float) -> float:
    """When the token expires. Raises `Distrust` where it has, does not say, or is not good yet."""
    expires, begins, issued = (instant(claims, name) for name in ("exp", "nbf", "iat"))
    if expires is None:
        raise Distrust("it does not say when it expires")
    if expires <= now - LEEWAY_S:
        raise Distrust("it has expired")
    if any(one is not None and one > now + LEEWAY_S for one in (begins, issued)):
        raise Distrust("it is from the future")
    return expires


def text(claims: Mapping[str, Any], name: str) -> str | None:
    """A claim that is a text; `None` where there is none. Raises `Distrust` for anything else."""
    value = claims.get(name)
    if value is not None and (not isinstance(value, str) or not value or len(value) > 1024):
        raise Distrust(f"its {name} is no text of a fitting length")
    return value


def audiences(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Whom a token is meant for. Raises `Distrust` where `aud` is neither a text nor a list of such."""
    value = claims.get("aud")
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise Distrust("its aud is no text and no list of texts")
    return tuple(listed)

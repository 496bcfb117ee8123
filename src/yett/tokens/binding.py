"""What a token is bound to: a key whose possession the caller has proven, by DPoP or by its TLS certificate."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from yett.tokens.encoding import encode
from yett.tokens.faults import Fault, invalid_request
from yett.tokens.keys import ALGORITHMS, KeyMistake, PublicKey, read_public_key
from yett.tokens.verify import LEEWAY_S, Distrust, instant, take_apart, text, verify_proof

if TYPE_CHECKING:
    from yett.tokens.settings import Memory

PROOF_LIFE_S: Final = 300
"""How long after it was made a proof is taken."""

Binding = Mapping[str, str]
"""The claim `cnf` (RFC 7800): `jkt` (RFC 9449) or `x5t#S256` (RFC 8705)."""


def read_binding(
    proofs: tuple[str, ...], certificate: str | None, url: str, memory: Memory, now: float
) -> Binding | None:
    """What the caller has proven to hold; `None` where nothing. A proof is worth more than a certificate.

    Raises `Fault` for a proof that is not right: a caller that sends one wants a bound token.
    """
    if len(proofs) > 1:
        raise Fault("invalid_dpop_proof", "there is more than one DPoP proof")
    if proofs:
        try:
            return {"jkt": _prove(proofs[0], url, memory, now)}
        except (Distrust, KeyMistake) as error:
            raise Fault("invalid_dpop_proof", f"the DPoP proof is not taken: {error}") from None
    return None if certificate is None else {"x5t#S256": certificate_thumbprint(certificate)}


def _prove(proof: str, url: str, memory: Memory, now: float) -> str:
    """The thumbprint of the key that a proof for `POST` at `url` was made with (RFC 9449 section 4.3)."""
    parts = take_apart(proof)
    jwk = parts.header.get("jwk")
    if not isinstance(jwk, dict) or parts.header.get("alg") not in ALGORITHMS:
        raise Distrust("it names no key or an algorithm that is not known")
    key = _without_name(read_public_key(jwk))
    typ = parts.header.get("typ")
    if not isinstance(typ, str) or typ.lower().removeprefix("application/") != "dpop+jwt":
        raise Distrust("it is of another type")
    claims = verify_proof(parts, key)
    issued, jti = instant(claims, "iat"), text(claims, "jti")
    if issued is None or jti is None:
        raise Distrust("it has no iat or no jti")
    if not now - PROOF_LIFE_S <= issued <= now + LEEWAY_S:
        raise Distrust("it is too old, or from the future")
    if claims.get("htm") != "POST" or not _same_place(text(claims, "htu"), url):
        raise Distrust("it was made for another request")
    expires_at = int(issued) + PROOF_LIFE_S + LEEWAY_S
    if not memory.first_use("dpop-proof", key.thumbprint, jti, expires_at=expires_at):
        raise Distrust("it was used before")
    return key.thumbprint


def _without_name(key: PublicKey) -> PublicKey:
    return PublicKey(key.jwk, key.algorithms, None)


def _same_place(told: str | None, url: str) -> bool:
    """Whether two URLs name one place, query and fragment aside (RFC 9449 section 4.3)."""
    return told is not None and _plain(told) == _plain(url)


def _plain(url: str) -> tuple[Any, ...]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return (url,)
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname, usual if port is None else port, parts.path or "/"


def certificate_thumbprint(field: str) -> str:
    """`x5t#S256` of the certificate in a `Client-Cert` field (RFC 9440), which only the gateway can have written.

    Raises `Fault` where it is none.
    """
    try:
        if len(field) < 3 or not (field[0] == field[-1] == ":"):
            raise ValueError
        der = base64.b64decode(field[1:-1], validate=True)
    except ValueError:
        raise invalid_request("the client certificate cannot be read") from None
    return encode(hashlib.sha256(der).digest())

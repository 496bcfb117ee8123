"""What a token is bound to: a key whose possession the caller has proven, by DPoP or by its TLS certificate."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
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

NONCE_PERIOD_S: Final = 150
"""How long a nonce is given out; it is taken for as long again."""

Binding = Mapping[str, str]
"""The claim `cnf` (RFC 7800): `jkt` (RFC 9449) or `x5t#S256` (RFC 8705)."""


@dataclass(frozen=True, slots=True)
class Place:
    """What proofs are made for: `POST` at `url`, with a nonce of ours where `nonce_key` is what those are made with."""

    url: str
    nonce_key: bytes | None = field(default=None, repr=False)

    def nonce(self, now: float) -> str | None:
        """The nonce that is given out, a keyed hash of the time: nothing has to be remembered of it."""
        return None if self.nonce_key is None else _nonce(self.nonce_key, int(now) // NONCE_PERIOD_S)

    def knows(self, nonce: str | None, now: float) -> bool:
        """Whether a nonce is one of ours that is still good, or none is asked for."""
        if self.nonce_key is None:
            return True
        period, told = int(now) // NONCE_PERIOD_S, (nonce or "").encode("utf-8", "replace")
        known = [_nonce(self.nonce_key, one).encode("ascii") for one in (period, period - 1)]
        return sum(hmac.compare_digest(one, told) for one in known) > 0


def _nonce(key: bytes, period: int) -> str:
    return encode(hmac.digest(key, b"yett-token-dpop-nonce:%d" % period, hashlib.sha256)[:16])


def read_proven(proofs: tuple[str, ...], certificate: str | None, place: Place, memory: Memory, now: float) -> Binding:
    """Everything that the caller has proven to hold; empty where nothing.

    Raises `Fault` for a proof that is not right: a caller that sends one wants a bound token.
    """
    if len(proofs) > 1:
        raise Fault("invalid_dpop_proof", "there is more than one DPoP proof")
    proven = {} if certificate is None else {"x5t#S256": certificate_thumbprint(certificate)}
    if proofs:
        try:
            proven["jkt"] = _prove(proofs[0], place, memory, now)
        except (Distrust, KeyMistake) as error:
            raise Fault("invalid_dpop_proof", f"the DPoP proof is not taken: {error}") from None
    return proven


def binding_of(proven: Binding) -> Binding | None:
    """What a new token is bound to; `None` where nothing was proven. A proof is worth more than a certificate."""
    return next(({name: proven[name]} for name in ("jkt", "x5t#S256") if name in proven), None)


def check_proven(claims: Mapping[str, Any], proven: Binding) -> None:
    """Whether whoever brings a token holds the key it is bound to. Raises `Distrust`.

    A binding of a kind that cannot be proven here is no reason to trust a token less strictly.
    """
    bound = claims.get("cnf")
    if bound is None:
        return
    if not isinstance(bound, dict) or not bound:
        raise Distrust("its cnf is malformed")
    for name, value in bound.items():
        if not isinstance(value, str) or not hmac.compare_digest(proven.get(name, "").encode(), value.encode()):
            raise Distrust("it is bound to a key that the client has not proven to hold")


def _prove(proof: str, place: Place, memory: Memory, now: float) -> str:
    """The thumbprint of the key that a proof for `POST` at `place` was made with (RFC 9449 section 4.3)."""
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
    if claims.get("htm") != "POST" or not _same_place(text(claims, "htu"), place.url):
        raise Distrust("it was made for another request")
    if not place.knows(text(claims, "nonce"), now):
        # RFC 9449 section 8: the client makes another one with the nonce that it is told.
        headers = {"dpop-nonce": place.nonce(now) or ""}
        raise Fault("use_dpop_nonce", "the DPoP proof needs the nonce of DPoP-Nonce", 400, headers)
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

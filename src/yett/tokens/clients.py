"""Who asks: a client proves itself by one method, by a secret or by a signed assertion."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from yett.tokens.faults import Fault, invalid_client, invalid_request
from yett.tokens.forms import Form, unescape
from yett.tokens.verify import Distrust, Parts, instant, take_apart, text, verify

if TYPE_CHECKING:
    from yett.tokens.settings import Client, Memory, Settings

METHODS: Final = ("client_secret_basic", "client_secret_post", "private_key_jwt")
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAX_ASSERTION_LIFE_S: Final = 3600
"""Assertions that live longer are refused: their ids would have to be remembered for as long."""
_NOBODY: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class Claim:
    """Who somebody says to be, and the one proof that came with it; nothing is believed yet."""

    client_id: str
    secret: str | None = None
    assertion: Parts | None = None
    basic: bool = False


def read_claim(form: Form, authorization: str | None) -> Claim:
    """The client that a request names and its proof. Raises `Fault` for none, and for more than one."""
    ways = [authorization is not None, form.get("client_secret") is not None, form.get("client_assertion") is not None]
    if sum(ways) > 1:
        raise invalid_request("the client proves itself in more than one way")
    if authorization is not None:
        claim = _basic(authorization)
    elif form.get("client_assertion") is not None:
        claim = _assertion(form)
    elif (secret := form.get("client_secret")) is not None:
        claim = Claim(form.need("client_id"), secret=secret)
    else:
        raise invalid_client(basic=True)
    named = form.get("client_id")
    if named is not None and named != claim.client_id:
        raise invalid_request("the request names two clients")
    return claim


def _basic(authorization: str) -> Claim:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise invalid_client(basic=True)
    try:
        name, colon, secret = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        client_id, plain = unescape(name), unescape(secret)
    except (ValueError, Fault):
        raise invalid_client(basic=True) from None
    if not colon or not client_id:
        raise invalid_client(basic=True)
    return Claim(client_id, secret=plain, basic=True)


def _assertion(form: Form) -> Claim:
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise invalid_request("client_assertion_type is missing or not known")
    try:
        parts = take_apart(form.need("client_assertion"))
        client_id = text(parts.claims, "sub")
    except Distrust:
        raise invalid_client() from None
    if client_id is None:
        raise invalid_client()
    return Claim(client_id, assertion=parts)


def prove(claim: Claim, settings: Settings, memory: Memory, now: float) -> Client:
    """The client that `claim` proves. Raises `Fault`, the same one whatever was wrong."""
    client = settings.clients.get(claim.client_id)
    if claim.assertion is not None:
        proven = client is not None and _asserts(claim.assertion, client, settings, memory, now)
    else:
        proven = _has_secret(claim.secret or "", client, settings.pepper, now)
    if client is None or not proven:
        raise invalid_client(basic=claim.basic)
    return client


def _has_secret(secret: str, client: Client | None, pepper: bytes, now: float) -> bool:
    """Whether `secret` is one of the client's. Takes as long whether there is such a client or not."""
    digest = hmac.digest(pepper, secret.encode("utf-8"), hashlib.sha256).hex()
    good = False
    for one in client.secrets if client is not None else ():
        same = hmac.compare_digest(one.hash, digest)
        good |= same and (one.expires_at is None or one.expires_at > now)
    if client is None or not client.secrets:
        hmac.compare_digest(_NOBODY, digest)
    return good


def _asserts(parts: Parts, client: Client, settings: Settings, memory: Memory, now: float) -> bool:
    here = (settings.issuer, settings.token_url)
    try:
        claims = verify(parts, client.keys, issuer=client.id, audiences=here, now=now)
        expires, jti = instant(claims, "exp") or 0.0, text(claims, "jti")
    except Distrust:
        return False
    # For this endpoint alone: a list of readers would let another of them use the assertion here.
    alone = isinstance(claims["aud"], str) or len(claims["aud"]) == 1
    if not alone or claims.get("sub") != client.id or jti is None or expires > now + MAX_ASSERTION_LIFE_S:
        return False
    # Kept a little longer than the assertion: clocks are granted some leeway.
    return memory.first_use("client-assertion", client.id, jti, expires_at=int(expires) + 120)

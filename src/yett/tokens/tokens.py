"""Tokens that come back: to be revoked (RFC 7009), or asked about (RFC 7662)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from yett.tokens.faults import Fault
from yett.tokens.verify import Distrust, Parts, take_apart, text, verify

if TYPE_CHECKING:
    from yett.tokens.forms import Form
    from yett.tokens.settings import Client, Memory, Revoker, Settings

INACTIVE: Final[Mapping[str, Any]] = {"active": False}
_TOLD: Final = ("iss", "sub", "sub_iss", "user", "aud", "client_id", "app", "iat", "exp", "jti", "scope", "cnf", "act")


def revoke(form: Form, client: Client, settings: Settings, revoker: Revoker, now: float) -> None:
    """Take a token back. One that is none of ours, or has expired, is as good as revoked already.

    Raises `Fault` for a token of another app: whoever finds one could otherwise cut somebody off.
    """
    claims = _ours(form.need("token"), settings, now)
    if claims is None:
        return
    owner = settings.clients.get(str(claims["client_id"]))
    if claims["client_id"] != client.id and (owner is None or owner.app != client.app):
        raise Fault("unauthorized_client", "the token is not this client's")
    revoker.revoke(settings.issuer, str(claims["jti"]), expires_at=int(claims["exp"]), client=client.id)


def introspect(form: Form, client: Client, settings: Settings, memory: Memory, now: float) -> Mapping[str, Any]:
    """What a token says while it is good, and nothing else about it otherwise. Raises `Fault`.

    A client may ask about its own tokens, and an owner of resources about all.
    """
    token = form.need("token")
    claims = _ours(token, settings, now)
    if claims is None or claims["client_id"] not in settings.clients:
        return INACTIVE
    if not client.introspect and claims["client_id"] != client.id:
        return INACTIVE
    if memory.is_revoked(settings.issuer, str(claims["jti"])):
        return INACTIVE
    kind = "DPoP" if "jkt" in claims.get("cnf", {}) else "Bearer"
    return {"active": True, "token_type": kind, **{name: claims[name] for name in _TOLD if name in claims}}


def _ours(token: str, settings: Settings, now: float) -> Mapping[str, Any] | None:
    """The claims of a token that we issued and that has not expired; `None` for any other."""
    try:
        claims = verify_ours(take_apart(token), settings, now)
        return claims if text(claims, "jti") and text(claims, "client_id") else None
    except Distrust:
        return None


def verify_ours(parts: Parts, settings: Settings, now: float) -> Mapping[str, Any]:
    """The claims of a token that we issued and that has not expired. Raises `Distrust` for any other."""
    keys, readers = settings.ring.public, settings.audiences
    return verify(parts, keys, issuer=settings.issuer, audiences=readers, now=now, types=("at+jwt",))

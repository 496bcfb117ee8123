"""Tokens as they are issued: short-lived JWTs of RFC 9068, and what is answered with them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from yett.tokens.binding import Binding, binding_of
from yett.tokens.exchange import ACCESS_TOKEN, JWT, Bearer, Delegation, delegate
from yett.tokens.faults import Fault

if TYPE_CHECKING:
    from yett.tokens.forms import Form
    from yett.tokens.settings import Client, Ports, Settings

CLIENT_CREDENTIALS: Final = "client_credentials"
TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
GRANTS: Final = (CLIENT_CREDENTIALS, TOKEN_EXCHANGE)


@dataclass(frozen=True, slots=True)
class Grant:
    """A request for a token by a client that has proven itself, and what else it has proven to hold."""

    form: Form
    client: Client
    proven: Binding
    settings: Settings
    ports: Ports
    now: float

    @property
    def binding(self) -> Binding | None:
        """What the token will be bound to."""
        return binding_of(self.proven)


def grant(request: Grant) -> Mapping[str, Any]:
    """The answer of RFC 6749 section 5.1, or of RFC 8693 section 2.2.1. Raises `Fault`."""
    if request.settings.require_binding and request.binding is None:
        raise Fault("invalid_request", "a DPoP proof or a client certificate is needed")
    match request.form.need("grant_type"):
        case "client_credentials":
            return _issue(request, request.client.scopes, request.client.id)
        case kind if kind == TOKEN_EXCHANGE:
            return _exchange(request)
        case _:
            raise Fault("unsupported_grant_type", "there is no such grant")


def _exchange(request: Grant) -> Mapping[str, Any]:
    bearer = Bearer(request.client, request.proven)
    found = delegate(request.form, bearer, request.settings, request.ports, request.now)
    answer = _issue(request, found.scopes, found.subject, found)
    wanted = request.form.get("requested_token_type") or ACCESS_TOKEN
    return {**answer, "issued_token_type": JWT if wanted == JWT else ACCESS_TOKEN}


def _issue(
    request: Grant, scopes: tuple[str, ...], subject: str, delegation: Delegation | None = None
) -> Mapping[str, Any]:
    settings, now = request.settings, int(request.now)
    granted = _scope(request.form.get("scope"), scopes)
    expires_at = now + settings.lifetime_s
    if delegation is not None:
        expires_at = min(expires_at, delegation.expires_at)
        if expires_at <= now:
            raise Fault("invalid_grant", "the subject token is about to expire")
    claims: dict[str, Any] = {
        "iss": settings.issuer,
        "sub": subject,
        "aud": _audience(request),
        "client_id": request.client.id,
        "app": request.client.app,
        "iat": now,
        "exp": expires_at,
        "jti": secrets.token_urlsafe(18),
        "scope": " ".join(granted),
    }
    if delegation is not None:
        claims["act"] = delegation.act
        if delegation.issuer != settings.issuer or subject not in settings.clients:
            # `sub` may also be a program: this says that it is somebody.
            claims["user"] = subject
        if delegation.issuer != settings.issuer:
            # `sub` means somebody to its issuer: two of them may have a user of the same name.
            claims["sub_iss"] = delegation.issuer
    if request.binding is not None:
        claims["cnf"] = dict(request.binding)
    kind = "DPoP" if request.binding is not None and "jkt" in request.binding else "Bearer"
    return {
        "access_token": settings.ring.current.sign(claims, "at+jwt"),
        "token_type": kind,
        "expires_in": expires_at - now,
        "scope": claims["scope"],
    }


def _scope(wanted: str | None, allowed: tuple[str, ...]) -> tuple[str, ...]:
    if wanted is None:
        return allowed
    names = tuple(dict.fromkeys(wanted.split(" ")))
    if not set(names) <= set(allowed):
        raise Fault("invalid_scope", "a scope is not known, or more than this client may have")
    return names


def _audience(request: Grant) -> str:
    wanted = {*request.form.all("resource"), *request.form.all("audience")}
    if not wanted:
        return request.settings.audiences[0]
    if len(wanted) > 1:
        raise Fault("invalid_target", "a token is for one audience: ask for one at a time")
    (audience,) = wanted
    if audience not in request.settings.audiences:
        raise Fault("invalid_target", "the audience is not known here")
    return audience

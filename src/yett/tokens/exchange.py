"""Token exchange (RFC 8693): an agent gets a token to act for a user. Who acts for whom stays in the token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from yett.tokens.binding import check_proven
from yett.tokens.faults import Fault, invalid_grant, invalid_request
from yett.tokens.tokens import verify_ours
from yett.tokens.verify import Distrust, instant, take_apart, text, verify

if TYPE_CHECKING:
    from yett.tokens.binding import Binding
    from yett.tokens.forms import Form
    from yett.tokens.settings import Client, Ports, Rule, Settings

ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"
JWT: Final = "urn:ietf:params:oauth:token-type:jwt"
ID_TOKEN: Final = "urn:ietf:params:oauth:token-type:id_token"
MAX_ACTORS: Final = 8
"""How many may act for one another in a chain."""


@dataclass(frozen=True, slots=True)
class Delegation:
    """Who is acted for, and by whom. `scopes` are all that the token may carry; it ends with the subject's token."""

    subject: str
    issuer: str
    act: Mapping[str, Any]
    scopes: tuple[str, ...]
    expires_at: int


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who brings a token: a client, and what it has proven to hold."""

    client: Client
    proven: Binding


def delegate(form: Form, bearer: Bearer, settings: Settings, ports: Ports, now: float) -> Delegation:
    """What the request may act as. Raises `Fault`."""
    client = bearer.client
    if form.get("actor_token") is not None or form.get("actor_token_type") is not None:
        raise invalid_request("the client itself is the actor: leave actor_token out")
    if form.get("requested_token_type") not in (None, ACCESS_TOKEN, JWT):
        raise invalid_request("requested_token_type must be an access token")
    if form.need("subject_token_type") not in (ACCESS_TOKEN, JWT, ID_TOKEN):
        raise invalid_request("subject_token_type is not known")
    rules = settings.rules.get(client.id, ())
    if not rules:
        raise Fault("unauthorized_client", "this client may act for nobody")
    try:
        claims, expires = _subject(form.need("subject_token"), settings, ports, now)
        # Whoever has stolen a token that is bound to a key must not get one here that is not.
        check_proven(claims, bearer.proven)
        subject = text(claims, "sub")
        act = _chain(claims, client)
        scopes = _scopes(claims, settings)
    except Distrust as error:
        raise invalid_grant(f"the subject token is not taken: {error}") from None
    # A token of ours may itself be of an exchange: then the subject is known to somebody else.
    issuer = str(claims.get("sub_iss", claims["iss"]) if claims["iss"] == settings.issuer else claims["iss"])
    named = _is_named(claims.get("may_act"), client, settings)
    rule = next((one for one in rules if subject is not None and _allows(one, subject, issuer, named=named)), None)
    if subject is None or rule is None:
        raise Fault("unauthorized_client", "this client may not act for this subject")
    allowed = [one for one in client.scopes if rule.scopes is None or one in rule.scopes]
    # Of a token of ours, no more than it carries: nobody gains by passing it on.
    kept = tuple(one for one in allowed if scopes is None or one in scopes)
    return Delegation(subject, issuer, act, kept, int(expires))


def _subject(token: str, settings: Settings, ports: Ports, now: float) -> tuple[Mapping[str, Any], float]:
    parts = take_apart(token)
    issuer = text(parts.claims, "iss")
    if issuer == settings.issuer:
        claims = verify_ours(parts, settings, now)
        jti = text(claims, "jti")
        if jti is None or ports.memory.is_revoked(issuer, jti):
            raise Distrust("it was revoked")
        if text(claims, "client_id") not in settings.clients:
            raise Distrust("its client is no more")
        return claims, instant(claims, "exp") or 0.0
    known = settings.issuers.get(issuer or "")
    if known is None:
        raise Distrust("its issuer is not known")
    claims = verify(
        parts, ports.keys_of(known, parts.header.get("kid")), issuer=known.name, audiences=(known.audience,), now=now
    )
    return claims, instant(claims, "exp") or 0.0


def _scopes(claims: Mapping[str, Any], settings: Settings) -> tuple[str, ...] | None:
    """The scopes of a token of ours; others speak of other things with the same words."""
    if claims["iss"] != settings.issuer:
        return None
    return tuple((text(claims, "scope") or "").split())


def _chain(claims: Mapping[str, Any], client: Client) -> Mapping[str, Any]:
    """`act` of the new token (RFC 8693 section 4.1): the client, and below it whoever acted before."""
    before = claims.get("act")
    depth, link = 1, before
    while link is not None:
        if not isinstance(link, dict) or not isinstance(link.get("sub"), str) or depth >= MAX_ACTORS:
            raise Distrust("its chain of actors is malformed or too long")
        depth, link = depth + 1, link.get("act")
    return {"sub": client.id} if before is None else {"sub": client.id, "act": _actor(before)}


def _actor(link: Mapping[str, Any]) -> dict[str, Any]:
    """A link of the chain with what identifies an actor, and nothing else."""
    kept: dict[str, Any] = {name: link[name] for name in ("sub", "iss") if isinstance(link.get(name), str)}
    if link.get("act") is not None:
        kept["act"] = _actor(link["act"])
    return kept


def _is_named(may_act: Any, client: Client, settings: Settings) -> bool | None:
    """Whether the token names the client as one that may act for its subject; `None` where it names nobody."""
    if may_act is None:
        return None
    if not isinstance(may_act, dict):
        return False
    return may_act.get("sub") == client.id and may_act.get("iss", settings.issuer) == settings.issuer


def _allows(rule: Rule, subject: str, issuer: str, *, named: bool | None) -> bool:
    if named is False or (rule.issuers is not None and issuer not in rule.issuers):
        return False
    if rule.subjects is None:
        return named is True
    return any(_fits(pattern, subject) for pattern in rule.subjects)


def _fits(pattern: str, subject: str) -> bool:
    """Whether a pattern fits, `*` standing for any characters; in linear time."""
    first, *others = pattern.split("*")
    if not others:
        return subject == pattern
    *between, last = others
    if not subject.startswith(first) or not subject.endswith(last) or len(subject) < len(first) + len(last):
        return False
    rest = subject[len(first) : len(subject) - len(last)]
    for part in between:
        _, found, rest = rest.partition(part) if part else ("", "*", rest)
        if not found:
            return False
    return True

"""Mistakes around users: somebody whom two issuers could speak for, and somebody whom nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from yett.model.suggestion import did_you_mean

if TYPE_CHECKING:
    from yett.model.access import Identity, User
    from yett.model.configuration import Configuration, Unread
    from yett.model.diagnostic import Diagnostic
    from yett.model.issuer import Issuer
    from yett.model.place import Place


def check_users(configuration: Configuration, unread: Unread) -> Iterator[Diagnostic]:
    """Every such mistake. The gateway finds the same ones; here they have a line and a hint."""
    if unread.sections & {"issuers", "tokens", "apps"} or unread.names.get("issuers"):
        return
    names = {one.name: one.issuer for one in configuration.issuers}
    namers = _namers(configuration)
    speaking = namers if len(namers) < 2 else _namers_for_agents(configuration)
    seen: dict[tuple[str, str], Place] = {}
    for user in configuration.users:
        if not user.identities and len(speaking) > 1:
            yield _unbound(user, speaking)
        for identity in user.identities:
            yield from _unknown(identity, names, namers)
        known = [(names.get(one.issuer, one.issuer), one.subject, one.place) for one in user.identities]
        if not known and len(speaking) == 1:
            known = [(next(iter(speaking)), user.name, user.place)]
        for issuer, subject, place in known:
            if (issuer, subject) in seen:
                message = f"`{subject}` of {issuer} would be two users"
                hint = f"the other one stands at {seen[issuer, subject]}"
                yield place.diagnostic("user-ambiguous", message, hint=hint)
            seen.setdefault((issuer, subject), place)


def _namers(configuration: Configuration) -> dict[str, None]:
    """`iss` of all who may tell of users."""
    of_others = configuration.tokens.subject_issuers if configuration.tokens else ()
    named = [namer for one in configuration.issuers for namer in one.namers]
    return dict.fromkeys([*named, *(one.issuer for one in of_others)])


def _namers_for_agents(configuration: Configuration) -> dict[str, None]:
    """Of these, those who may speak to an agent: nobody else can act for a user."""
    agents = {app.name for app in configuration.apps if app.agent}
    clients = any(app.clients for app in configuration.apps if app.agent)
    of_others = configuration.tokens.subject_issuers if configuration.tokens and clients else ()
    named = [namer for one in configuration.issuers if _serves(one, agents, clients=clients) for namer in one.namers]
    return dict.fromkeys([*named, *(one.issuer for one in of_others)])


def _serves(issuer: Issuer, agents: set[str], *, clients: bool) -> bool:
    # Without a map the values of the claim are the ids of clients.
    return any(app.name in agents for app in issuer.apps) or (not issuer.apps and clients)


def _unbound(user: User, speaking: dict[str, None]) -> Diagnostic:
    message = f"each of {len(speaking)} issuers could say that it speaks for the user `{user.name}`"
    hint = f"say which may: `{{name: {user.name}, issuer: {next(iter(speaking))}, subject: ...}}`"
    return user.place.diagnostic("user-unbound", message, hint=hint)


def _unknown(identity: Identity, names: dict[str, str], namers: dict[str, None]) -> Iterator[Diagnostic]:
    if names.get(identity.issuer, identity.issuer) in namers:
        return
    if identity.issuer in names or identity.issuer in names.values():
        message = f"tokens of the issuer `{identity.issuer}` tell of no users of its own"
        yield identity.place.diagnostic("issuer-nameless", message, hint="set `user_from` of the issuer")
        return
    hint = did_you_mean(identity.issuer, [*names, *namers]) or "define it under `issuers`"
    yield identity.place.diagnostic("unknown-issuer", f"there is no issuer `{identity.issuer}`", hint=hint)

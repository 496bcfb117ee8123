"""Mistakes around the token endpoint: clients given twice or without an endpoint, and rules that name nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from yett.model.suggestion import did_you_mean
from yett.model.tokens import TOKENS_API, metadata_path

if TYPE_CHECKING:
    from yett.model.access import App, Team
    from yett.model.configuration import Configuration, Unread
    from yett.model.diagnostic import Diagnostic
    from yett.model.place import Place
    from yett.model.tokens import Exchange, TokenSettings


def check_tokens(configuration: Configuration, draft: Configuration, unread: Unread) -> Iterator[Diagnostic]:
    """Every such mistake."""
    clients = [(app, client) for app in draft.apps for client in app.clients]
    yield from _repeated((client.id, client.place) for _, client in clients)
    of_teams = {team.name: team for team in draft.teams}
    for app in configuration.apps:
        if not unread.may_hold("teams", app.team.name):
            yield from _not_held(app, of_teams.get(app.team.name))
    tokens = draft.tokens
    if tokens is None:
        for _, client in [] if "tokens" in unread.sections else clients[:1]:
            hint = "describe it: `tokens: {issuer: ..., audience: ...}`"
            yield client.place.diagnostic("tokens-missing", "there is no token endpoint for this client", hint=hint)
        return
    yield from _taken(tokens, configuration)
    yield from _issuers(tokens)
    yield from _issuers_of_others(tokens, draft)
    known = [client.id for _, client in clients]
    programs = {client.id: app for app, client in clients if not app.agent}
    for rule in tokens.exchange:
        if rule.client.name in programs:
            yield _no_agent(rule, programs[rule.client.name])
        if not unread.sections & {"apps"} and not unread.names.get("apps"):
            yield from _unknown_client(rule, known)
        yield from _unknown_profiles(rule, draft, unread)
        yield from _unknown_issuers(rule, tokens)


def _repeated(clients: Iterable[tuple[str, Place]]) -> Iterator[Diagnostic]:
    first: dict[str, Place] = {}
    for name, place in clients:
        if name in first:
            message = f"two clients have the id `{name}`"
            yield place.diagnostic("duplicate-client", message, hint=f"the other one stands at {first[name]}")
        first.setdefault(name, place)


def _not_held(app: App, team: Team | None) -> Iterator[Diagnostic]:
    own = [profile.name for profile in (*app.profiles, *(team.profiles if team else ()))]
    for profile in (profile for client in app.clients for profile in client.profiles or ()):
        if profile.name not in own:
            message = f"the app `{app.name}` does not have the profile `{profile.name}`, so its tokens cannot carry it"
            yield profile.place.diagnostic("profile-not-held", message, hint=did_you_mean(profile.name, own))


def _taken(tokens: TokenSettings, configuration: Configuration) -> Iterator[Diagnostic]:
    """What the endpoint's own APIs would collide with."""
    own = {tokens.base_path, metadata_path(tokens.issuer)}
    for api in configuration.apis:
        if api.name.startswith(TOKENS_API):
            message = f"names that begin with `{TOKENS_API}` are the token endpoint's"
            yield api.place.diagnostic("name-reserved", message, hint="give the API another name")
        meets = not api.hosts or not tokens.hosts or set(api.hosts) & set(tokens.hosts)
        if api.base_path in own and meets and (bool(api.hosts) is bool(tokens.hosts)):
            message = f"the API `{api.name}` and the token endpoint are exposed at the same host and base path"
            yield api.place.diagnostic("base-path-taken", message, hint=f"the endpoint stands at {tokens.place}")


def _issuers(tokens: TokenSettings) -> Iterator[Diagnostic]:
    seen = {tokens.issuer}
    for one in tokens.subject_issuers:
        if one.issuer in seen:
            message = f"the issuer {one.issuer} is named twice, or is the endpoint itself"
            yield one.place.diagnostic("duplicate-issuer", message, hint="our own tokens are known anyway")
        seen.add(one.issuer)


def _issuers_of_others(tokens: TokenSettings, draft: Configuration) -> Iterator[Diagnostic]:
    for one in draft.issuers:
        if one.name == TOKENS_API:
            message = f"the issuer `{TOKENS_API}` is the token endpoint itself"
            yield one.place.diagnostic("name-reserved", message, hint="give the issuer another name")
        if one.issuer == tokens.issuer:
            message = f"the issuer `{one.name}` is the token endpoint itself"
            hint = "leave it out: APIs that accept tokens know the endpoint"
            yield one.place.diagnostic("duplicate-issuer", message, hint=hint)


def _no_agent(rule: Exchange, app: App) -> Diagnostic:
    """Whoever acts for users may do what both may: that is what being an agent means."""
    message = f"the client `{rule.client.name}` cannot act for others, as its app `{app.name}` is no agent"
    return rule.client.place.diagnostic("client-no-agent", message, hint="set `agent: true` of the app")


def _unknown_client(rule: Exchange, known: list[str]) -> Iterator[Diagnostic]:
    if rule.client.name not in known:
        message = f"there is no client `{rule.client.name}`"
        hint = did_you_mean(rule.client.name, known) or "define it under `clients` of an app"
        yield rule.client.place.diagnostic("unknown-client", message, hint=hint)


def _unknown_profiles(rule: Exchange, draft: Configuration, unread: Unread) -> Iterator[Diagnostic]:
    names = [profile.name for profile in draft.profiles]
    for profile in rule.profiles or ():
        if profile.name not in names and not unread.may_hold("profiles", profile.name):
            message = f"there is no profile `{profile.name}`"
            yield profile.place.diagnostic("unknown-profile", message, hint=did_you_mean(profile.name, names))


def _unknown_issuers(rule: Exchange, tokens: TokenSettings) -> Iterator[Diagnostic]:
    known = [tokens.issuer, *(one.issuer for one in tokens.subject_issuers)]
    for issuer in rule.issuers or ():
        if issuer not in known:
            hint = did_you_mean(issuer, known) or "define it under `subject_issuers`"
            yield rule.place.diagnostic("unknown-issuer", f"the issuer {issuer} is not known", hint=hint)

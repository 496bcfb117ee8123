"""Issuers of the snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yett.compile.callouts import compile_remote
from yett.compile.fields import compact
from yett.compile.upstreams import compile_upstream_tls
from yett.model.inquiry import secret_name, token_secret_name
from yett.model.issuer import FetchedKeys, GivenKeys, SharedSecret
from yett.model.place import Reference

if TYPE_CHECKING:
    from yett.model.configuration import Configuration
    from yett.model.inquiry import KeyFetch
    from yett.model.issuer import Issuer


def compile_issuers(configuration: Configuration) -> list[dict[str, Any]]:
    """`TokenIssuer` of the snapshot, for each."""
    clients = {client.id: app.name for app in configuration.apps for client in app.clients}
    return [_issuer(one, clients) for one in configuration.issuers]


def _issuer(issuer: Issuer, clients: dict[str, str]) -> dict[str, Any]:
    return (
        compact(
            name=issuer.name,
            issuer=issuer.issuer,
            keys=dict(issuer.keys.keys) if isinstance(issuer.keys, GivenKeys) else None,
            secret={"name": token_secret_name(issuer.name), "algorithm": "".join(issuer.algorithms)}
            if isinstance(issuer.keys, SharedSecret)
            else None,
            jwks_url=issuer.keys.url if isinstance(issuer.keys, FetchedKeys) else None,
            fetch=None if issuer.fetch is None else _fetch(issuer.fetch),
            introspection=_introspection(issuer),
            audiences=list(issuer.audiences),
            algorithms=list(issuer.algorithms),
            types=list(issuer.types),
            max_lifetime_s=issuer.max_lifetime_s,
            user_from=issuer.user_from,
            users_of=None
            if issuer.users_of is None
            else {"claim": issuer.users_of.claim, "issuers": list(issuer.users_of.issuers)},
            profiles=_profiles(issuer),
            trusted_to_grant=issuer.trusted_to_grant or None,
            bound=None if issuer.bound == "none" else issuer.bound,
        )
        | {"app": _app(issuer, clients), "leeway_s": issuer.leeway_s}
        | ({"required": dict(issuer.required)} if issuer.required else {})
    )


def _app(issuer: Issuer, clients: dict[str, str]) -> dict[str, Any]:
    if isinstance(issuer.app, Reference):
        return {"named": issuer.app.name}
    named = clients if issuer.app.map is None else {value: one.name for value, one in issuer.app.map.items()}
    return {"from": {"claim": issuer.app.claim, "map": named}}


def _profiles(issuer: Issuer) -> dict[str, Any] | None:
    if issuer.profiles_from is None:
        return None
    names = {value: [one.name for one in given] for value, given in issuer.profiles_from.map.items()}
    return {"claim": issuer.profiles_from.claim, "map": names}


def _fetch(fetch: KeyFetch) -> dict[str, Any]:
    return compact(
        metadata_url=fetch.metadata_url,
        private=fetch.private or None,
        ca_pem=fetch.ca_pem,
        tls=compile_upstream_tls(fetch.tls),
        timeout_ms=fetch.timeout_ms,
        min_refresh_ms=fetch.min_refresh_ms,
        max_refresh_ms=fetch.max_refresh_ms,
        max_stale_ms=fetch.max_stale_ms,
    )


def _introspection(issuer: Issuer) -> dict[str, Any] | None:
    asked = issuer.introspection
    if asked is None:
        return None
    return {
        "remote": compile_remote(asked.remote),
        "client_id": asked.client_id,
        "client_secret": secret_name(issuer.name),
        "client_auth": asked.client_auth,
        "cache_ms": asked.cache_ms,
        "stale_ms": asked.stale_ms,
    }

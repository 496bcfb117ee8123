"""The token endpoint as APIs of the gateway, with contracts of our own: every guard stands in front of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yett.tokens
from yett.contract import Contract, load_contract
from yett.model.api import Api, ContractGuard, GuardSettings, Identify
from yett.model.issuer import AppFrom, GivenKeys, Issuer, ProfilesFrom, UsersOf
from yett.model.place import Reference
from yett.model.proxy import HeaderRules, Proxy
from yett.model.tokens import TOKENS_API, TokenSettings, metadata_path, source_name
from yett.model.upstream import Target, Upstream
from yett.tokens.endpoint import CALLER_HEADER, DOOR_HEADER, METADATA_PATH
from yett.tokens.forms import MAX_BODY_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yett.tokens.settings import Settings

METADATA_API: Final = f"{TOKENS_API}-metadata"
_HERE: Final = Path(yett.tokens.__path__[0])
_CONTRACTS: Final = {TOKENS_API: "contract.openapi.yaml", METADATA_API: "metadata.openapi.yaml"}


@dataclass(frozen=True, slots=True)
class Door:
    """Where the endpoint listens on the loopback interface, and the word that it lets the gateway in for."""

    port: int
    word: str = field(repr=False)


def token_apis(tokens: TokenSettings, door: Door) -> tuple[Api, ...]:
    """The endpoint, and its metadata, which stand elsewhere (RFC 8414)."""
    return (
        _api(TOKENS_API, tokens.base_path, tokens, door, ""),
        _api(METADATA_API, metadata_path(tokens.issuer), tokens, door, METADATA_PATH),
    )


def _api(name: str, base_path: str, tokens: TokenSettings, door: Door, path: str) -> Api:
    upstream = Upstream((Target(f"http://127.0.0.1:{door.port}{path}"),), place=tokens.place)
    words = ((CALLER_HEADER, "${address}"), (DOOR_HEADER, door.word))
    return Api(
        name=name,
        contract=str(_HERE / _CONTRACTS[name]),
        upstream=upstream,
        base_path=base_path,
        hosts=tokens.hosts,
        # Clients prove themselves to the endpoint.
        identify=Identify(public=True, api_key=None),
        # Its answers are ours; a parameter that OAuth does not know is to be ignored (RFC 6749 section 3.2).
        guards=GuardSettings(ContractGuard(responses="enforce")),
        limits=tokens.limits,
        max_body_bytes=MAX_BODY_BYTES,
        # The refusals of RFC 6749 are for programs: none is replaced.
        proxy=Proxy(request_headers=HeaderRules(set=words), replaced_errors=()),
        place=tokens.place,
        contract_place=tokens.place,
    )


def own_issuer(tokens: TokenSettings, settings: Settings) -> Issuer:
    """The endpoint as an issuer whose tokens APIs accept: its keys are part of the snapshot, and need no fetching.

    A token stands for the app of its client, tells of a user where there is one, and carries the profiles in its scope.
    """
    scopes = {scope: (Reference(scope),) for client in settings.clients.values() for scope in client.scopes}
    return Issuer(
        name=TOKENS_API,
        issuer=tokens.issuer,
        keys=GivenKeys(settings.ring.key_set()),
        audiences=tokens.audiences,
        app=AppFrom("client_id", {name: Reference(client.app) for name, client in settings.clients.items()}),
        types=("at+jwt",),
        user_from="user",
        # The endpoint has no users of its own: it passes on what others say of theirs.
        users_of=UsersOf("sub_iss", tuple(one.issuer for one in tokens.subject_issuers)),
        profiles_from=ProfilesFrom("scope", scopes),
        bound="any" if tokens.require_binding else "none",
        place=tokens.place,
    )


def subject_issuers(tokens: TokenSettings) -> tuple[Issuer, ...]:
    """Issuers whose keys the gateway fetches for the endpoint. No API takes their tokens, and they stand for no app."""
    return tuple(
        Issuer(
            name=source_name(index),
            issuer=one.issuer,
            keys=one.keys,
            fetch=one.fetch,
            audiences=(one.audience,),
            app=AppFrom("sub", {}),
            keys_only=True,
            place=one.place,
        )
        for index, one in enumerate(tokens.subject_issuers)
        if one.keys is not None
    )


@cache
def token_contracts() -> Mapping[str, Contract]:
    """The contracts of both, by the API's name."""
    return {name: load_contract(_HERE / file, api=name) for name, file in _CONTRACTS.items()}

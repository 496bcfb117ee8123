"""The whole snapshot, as canonical JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from yett.compile.access import compile_assignments, compile_profile, compile_teams, compile_users
from yett.compile.apis import compile_api
from yett.compile.callouts import compile_callout
from yett.compile.fields import compact
from yett.compile.issuers import compile_issuers
from yett.compile.limits import LimitNames, compile_limits
from yett.compile.operations import OperationIndex
from yett.compile.policies import Operations, compile_policies
from yett.compile.proofs import compile_proofs
from yett.compile.proxy import compile_edge

if TYPE_CHECKING:
    from yett.compile.source import ContractSource
    from yett.model.access import Credential, Credentials
    from yett.model.configuration import Configuration

SNAPSHOT_FORMAT: Final = 1


def compile_snapshot(
    configuration: Configuration, contracts: Mapping[str, ContractSource], credentials: Credentials
) -> bytes:
    """The snapshot: canonical JSON (sorted keys, no spaces, UTF-8), the same bytes for the same input.

    `contracts` holds the contract of every API, by the API's name. References are taken to be sound: `check_references`
    and `check_operations` say whether they are, and one that leads nowhere grants nothing here.
    """
    names, index = LimitNames(), OperationIndex(configuration, contracts)
    snapshot = compact(
        format=SNAPSHOT_FORMAT,
        pepper_id=credentials.pepper_id,
        limits=compile_limits(configuration.gateway.limits, names, "gateway"),
        collections=[
            compact(name=one.name, limits=compile_limits(one.limits, names, "collection", one.name))
            | {"operations": index.resolve(one.operations)}
            for one in configuration.collections
        ],
        profiles=[compile_profile(one, index, names) for one in configuration.profiles],
        teams=compile_teams(configuration),
        users=compile_users(configuration),
        apps=[
            compact(
                name=one.name,
                team=one.team.name,
                agent=one.agent or None,
                plan=one.plan,
                **compile_assignments(one.profiles),
                limits=compile_limits(one.limits, names, "app", one.name),
                **compile_proofs(one),
            )
            for one in configuration.apps
        ],
        credentials=[_credential(one) for one in credentials.items],
        callouts=[compile_callout(one) for one in configuration.callouts],
    )
    snapshot |= compile_edge(configuration.gateway)
    snapshot |= compile_policies(configuration, Operations(configuration, index, contracts))
    if configuration.issuers:
        snapshot["issuers"] = compile_issuers(configuration)
    issuers = [one.name for one in configuration.issuers if not one.keys_only]
    snapshot["apis"] = [compile_api(one, contracts[one.name], names, issuers) for one in configuration.apis]
    text = json.dumps(snapshot, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def _credential(credential: Credential) -> dict[str, Any]:
    compiled: dict[str, Any] = {
        "id": credential.id,
        "app": credential.app,
        "prefix": credential.prefix,
        "hash": credential.hash,
    }
    if credential.expires_at is not None:
        compiled["expires_at"] = credential.expires_at
    if credential.profiles is not None:
        compiled["profiles"] = list(credential.profiles)
    return compiled

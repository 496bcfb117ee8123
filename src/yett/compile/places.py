"""Back from the snapshot to what somebody wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from yett.model.place import NOWHERE, Place

_SINGULAR: Final = {"policies": "policy"}

if TYPE_CHECKING:
    from yett.compile.source import ContractSource
    from yett.model.access import Credentials
    from yett.model.api import Api
    from yett.model.configuration import Configuration


def place_of(
    pointer: str, configuration: Configuration, contracts: Mapping[str, ContractSource], credentials: Credentials
) -> tuple[Place, str]:
    """Where the part of the snapshot at a JSON pointer was written, and what to call it, as nearly as can be said.

    A pointer that leads to nothing anybody wrote gives `NOWHERE` and an empty name.
    """
    parts = pointer.split("/")[1:]
    if parts and parts[0] in (
        "trusted_proxies",
        "tracing",
        "identity",
        "policy_context",
        "failures",
        "networks",
        "leaks",
    ):
        gateway = configuration.gateway
        return gateway.identity.place if parts[0] == "identity" and gateway.identity else gateway.place, "the gateway"
    sections: Mapping[str, Sequence[Any]] = {
        "limits": configuration.gateway.limits,
        "apis": configuration.apis,
        "collections": configuration.collections,
        "profiles": configuration.profiles,
        "teams": [one for one in configuration.teams if one.profiles],
        "users": configuration.users,
        "apps": configuration.apps,
        "policies": configuration.policies,
        "credentials": credentials.items,
        "callouts": configuration.callouts,
        "issuers": configuration.issuers,
    }
    item = _item(sections.get(parts[0], ()) if parts else (), parts[1:2])
    if item is None:
        return NOWHERE, ""
    if parts[0] == "apis":
        return _in_api(parts[2:], item, contracts)
    name = getattr(item, "name", None) or getattr(item, "id", "")
    return item.place, f"{_SINGULAR.get(parts[0], parts[0].removesuffix('s'))} `{name}`" if name else ""


def _item(items: Sequence[Any], index: Sequence[str]) -> Any:
    if index and index[0].isascii() and index[0].isdigit() and int(index[0]) < len(items):
        return items[int(index[0])]
    return None


def _in_api(parts: Sequence[str], api: Api, contracts: Mapping[str, ContractSource]) -> tuple[Place, str]:
    contract = contracts.get(api.name)
    if contract is not None and parts[:1] == ["operations"]:
        operation = _item(contract.operations, parts[1:2])
        if operation is not None:
            return Place(operation.file, operation.line), f"operation `{api.name}:{operation.operation_id}`"
    if parts[:1] == ["schemas"] and len(parts) > 2:
        name = parts[2].replace("~1", "/").replace("~0", "~")
        return Place(api.contract), f"schema `{name}` of API `{api.name}`"
    if parts[:1] == ["proxy"]:
        return _in_proxy(parts[1:], api), f"API `{api.name}`"
    places = {"upstream": api.upstream.place, "limits": api.place}
    return places.get(parts[0] if parts else "", api.place), f"API `{api.name}`"


def _in_proxy(parts: Sequence[str], api: Api) -> Place:
    proxy = api.proxy
    match parts:
        case ["redirects", *index]:
            redirect = _item(proxy.redirects, index[:1])
            return api.place if redirect is None else redirect.place
        case ["headers", "request", *_]:
            return proxy.request_headers.place
        case ["headers", "response", *_]:
            return proxy.response_headers.place
        case ["upstream_identity", *_] if proxy.upstream_identity is not None:
            return proxy.upstream_identity.place
        case _:
            return api.place

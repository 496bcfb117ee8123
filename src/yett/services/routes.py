"""List what a gateway would serve."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yett.access.principals import profiles_alone
from yett.services.assembly import Assembly, access_of, assemble

if TYPE_CHECKING:
    from yett.model.api import Api
    from yett.model.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True)
class Route:
    """One operation as callers reach it. `profiles` may call it; `public` needs no credential."""

    operation: str
    method: str
    path: str
    hosts: tuple[str, ...]
    public: bool
    profiles: tuple[str, ...]
    upstream: str


@dataclass(frozen=True, slots=True)
class RouteList:
    """Every route of the APIs that could be read, and every mistake of the configuration."""

    routes: tuple[Route, ...]
    diagnostics: tuple[Diagnostic, ...]


def list_routes(path: str, environment: Mapping[str, str]) -> RouteList:
    """The routes of the configuration at `path`, in the order of the APIs and their contracts."""
    assembly = assemble(path, environment, need_secrets=False)
    granted = _granted(assembly)
    routes = [route for api in assembly.configuration.apis for route in _routes_of(api, assembly, granted)]
    return RouteList(tuple(routes), assembly.diagnostics)


def _routes_of(api: Api, assembly: Assembly, granted: Mapping[str, tuple[str, ...]]) -> Iterator[Route]:
    contract = assembly.contracts.get(api.name)
    own = {f"{api.name}:{one.operation_id}": one.public for one in api.operations}
    for operation in contract.operations if contract else ():
        name = f"{api.name}:{operation.operation_id}"
        public = own.get(name)
        yield Route(
            operation=name,
            method=operation.method,
            path=api.base_path.rstrip("/") + operation.path,
            hosts=api.hosts,
            public=api.identify.public if public is None else public,
            profiles=granted.get(name, ()),
            upstream=_upstream(api),
        )


def _upstream(api: Api) -> str:
    """The target, or the first of several, how many there are more and how they are chosen."""
    targets, versions = api.upstream.all_targets(), api.upstream.versions
    if not targets or len(targets) == 1:
        return targets[0].url if targets else ""
    balance = api.upstream.balance
    how: str = balance if isinstance(balance, str) else f"by {balance.kind} {balance.name}".rstrip()
    among = f" in versions {', '.join(one.name for one in versions)}" if versions else ""
    return f"{targets[0].url} and {len(targets) - 1} more{among}, {how}"


def _granted(assembly: Assembly) -> dict[str, tuple[str, ...]]:
    """The profiles that may call each operation now."""
    access, now = access_of(assembly), time.time()
    granted: dict[str, dict[str, None]] = {}
    for profile in profiles_alone(assembly.configuration):
        for operation, verdict in access.at(profile, now).items():
            if verdict.allowed:
                granted.setdefault(operation, {})[profile.name] = None
    return {operation: tuple(profiles) for operation, profiles in granted.items()}

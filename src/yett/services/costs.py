"""Operations that could never be called, because one request costs more than a limit ever holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from yett.compile import OperationIndex
from yett.model.limit import Limit, Quota, Rate
from yett.model.place import Place

if TYPE_CHECKING:
    from yett.contract import Contract
    from yett.model.api import Api
    from yett.model.configuration import Configuration
    from yett.model.diagnostic import Diagnostic


def impossible_costs(configuration: Configuration, contracts: Mapping[str, Contract]) -> Iterator[Diagnostic]:
    """A warning for each operation that costs more than a limit which every caller meets ever holds.

    Those are the limits of the gateway, the API, the operation and its collections; limits of profiles and apps concern
    only some callers.
    """
    index = OperationIndex(configuration, contracts)
    of_collections: dict[str, list[Limit]] = {}
    for collection in configuration.collections:
        for operation in index.resolve(collection.operations) if collection.limits else ():
            of_collections.setdefault(operation, []).extend(collection.limits)
    for api in configuration.apis:
        if api.name in contracts and api.guards.limits.mode == "enforce":
            shared = (*configuration.gateway.limits, *api.limits)
            yield from _of_api(api, contracts[api.name], shared, of_collections)


def _of_api(
    api: Api, contract: Contract, shared: tuple[Limit, ...], of_collections: Mapping[str, list[Limit]]
) -> Iterator[Diagnostic]:
    own = {one.operation_id: one for one in api.operations}
    for operation in contract.operations:
        name, settings = f"{api.name}:{operation.operation_id}", own.get(operation.operation_id)
        cost, place = operation.cost, Place(operation.file, operation.line)
        if settings is not None and settings.cost is not None:
            cost, place = settings.cost, settings.place
        for limit in (*shared, *(settings.limits if settings else ()), *of_collections.get(name, ())):
            most = _most(limit)
            if most is not None and cost > most:
                where = f"the limit at {limit.place}" if limit.place.file else "the gateway's default limit"
                message = f"a request to `{name}` costs {cost}, and {where} never holds more than {most}: none can pass"
                yield place.diagnostic(
                    "cost-impossible", message, hint="raise the limit's `burst`, or lower the cost", severity="warning"
                )
                break


def _most(limit: Limit) -> int | None:
    """The units that may be spent at once; `None` where a limit does not count units."""
    match limit.measure:
        case Rate(burst=burst):
            return burst
        case Quota(amount=amount):
            return amount
        case _:
            return None

"""Names of operations, held against the contracts: wildcards resolved, mistakes reported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from yett.model.configuration import Unread
from yett.model.diagnostic import Diagnostic
from yett.model.place import Reference
from yett.model.policy import Rule
from yett.model.suggestion import did_you_mean

if TYPE_CHECKING:
    from yett.compile.source import ContractSource
    from yett.model.api import Api
    from yett.model.configuration import Configuration


class OperationIndex:
    """The operation ids of every API whose contract could be read, and of which APIs it could not."""

    def __init__(self, configuration: Configuration, contracts: Mapping[str, ContractSource]) -> None:
        self._apis = {api.name for api in configuration.apis}
        self._ids = {
            api: dict.fromkeys(f"{api}:{operation.operation_id}" for operation in contract.operations)
            for api, contract in contracts.items()
            if api in self._apis
        }

    def resolve(self, references: Iterable[Reference]) -> list[str]:
        """The operation ids that `references` name, in the contracts' order, each once; unknown ones are left out."""
        found: dict[str, None] = {}
        for reference in references:
            found.update(dict.fromkeys(self._matching(reference.name)))
        return list(found)

    def _matching(self, name: str) -> list[str]:
        ids = self._ids.get(name.partition(":")[0], {})
        if "*" not in name:
            return [name] if name in ids else []
        return [one for one in ids if matches(name, one)]

    def check(self, reference: Reference, unread: Unread) -> Diagnostic | None:
        """What is wrong with a reference, if anything."""
        name, place = reference.name, reference.place
        api = name.partition(":")[0]
        if api not in self._apis:
            if unread.may_hold("apis", api):
                return None
            return place.diagnostic(
                "unknown-api", f"there is no API `{api}`", hint=did_you_mean(api, sorted(self._apis))
            )
        if api not in self._ids or self._matching(name):
            return None
        if "*" in name:
            return place.diagnostic(
                "operation-unmatched", f"`{name}` matches no operation", hint="`yett routes` lists them"
            )
        return place.diagnostic("unknown-operation", f"there is no operation `{name}`", hint=self.suggest(api, name))

    def suggest(self, api: str, name: str) -> str:
        """The operation of `api` that `name` may have meant."""
        return did_you_mean(name, self._ids.get(api, {}))

    def knows(self, api: str) -> bool:
        """Whether the contract of `api` could be read."""
        return api in self._ids

    def holds(self, api: str, operation: str) -> bool:
        """Whether `api` has the operation `api:operationId`."""
        return operation in self._ids.get(api, {})


def matches(pattern: str, text: str) -> bool:
    """Whether `text` is `pattern` with each `*` replaced by some characters, or none. Linear in both lengths."""
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == text
    *middle, last = rest
    if not (text.startswith(first) and text.endswith(last) and len(text) >= len(first) + len(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def check_operations(
    configuration: Configuration, contracts: Mapping[str, ContractSource], unread: Unread
) -> Iterator[Diagnostic]:
    """Every reference to an operation that no contract describes.

    An API without an entry in `contracts` could not be read: nothing is said about its operations.
    """
    index = OperationIndex(configuration, contracts)
    references = [reference for one in configuration.collections for reference in one.operations]
    references += [
        Reference(reach.name, reach.place)
        for one in configuration.profiles
        for reach in one.reaches
        if reach.kind == "operation"
    ]
    references += [
        reference
        for one in configuration.duties
        if one.kind == "operations"
        for names in one.sets
        for reference in names
    ]
    references += [
        reference
        for one in configuration.policies
        if isinstance(one.body, Rule)
        for reference in one.body.scope.operations
    ]
    yield from (one for reference in references if (one := index.check(reference, unread)))
    for api in configuration.apis:
        yield from _check_settings(api, index)
        if api.name in contracts:
            yield from _check_websockets(api, contracts[api.name])


def _check_settings(api: Api, index: OperationIndex) -> Iterator[Diagnostic]:
    for settings in api.operations:
        name = f"{api.name}:{settings.operation_id}"
        if index.knows(api.name) and not index.holds(api.name, name):
            hint = index.suggest(api.name, name).replace(f"`{api.name}:", "`")
            yield settings.place.diagnostic("unknown-operation", f"there is no operation `{name}`", hint=hint)


def _check_websockets(api: Api, contract: ContractSource) -> Iterator[Diagnostic]:
    methods = {one.operation_id: one.method for one in contract.operations}
    for settings in api.operations:
        if settings.websocket is None:
            continue
        if methods.get(settings.operation_id, "GET") != "GET":
            message = f"`{settings.operation_id}` is no GET: a WebSocket is opened by GET (RFC 6455)"
            yield settings.place.diagnostic("websocket-impossible", message, hint="take `websocket` away")
        if api.upstream.protocol != "http1":
            message = "a WebSocket is passed on to an upstream of HTTP/1.1 only"
            hint = "expose the operation as an API of its own, whose upstream has `protocol: http1`"
            yield settings.place.diagnostic("websocket-impossible", message, hint=hint)

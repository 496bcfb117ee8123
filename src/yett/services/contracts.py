"""The contracts of a configuration, read once and again only when their files change."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from yett.contract import Contract, load_contract
from yett.model.diagnostic import Diagnostic, has_errors
from yett.services.watching import Watch

if TYPE_CHECKING:
    from yett.model.api import Api, Patterns

    _Key = tuple[str, str, tuple[str, ...], Patterns]


UNREADABLE: Final = "contract-unreadable"


@dataclass(slots=True)
class LoadedContracts:
    """Contracts by the API's name, without those that hold errors; all mistakes; all files they were sought in."""

    contracts: dict[str, Contract] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    files: set[str] = field(default_factory=set)


class ContractShelf:
    """Keeps contracts between reloads, so that a changed limit does not cost the reading of a large contract."""

    def __init__(self) -> None:
        self._kept: dict[_Key, tuple[Watch, Contract]] = {}

    def load(self, apis: tuple[Api, ...]) -> LoadedContracts:
        """The contracts of `apis`; those of other APIs are forgotten."""
        loaded = LoadedContracts()
        self._kept = {_key(api): self._fetch(api) for api in apis}
        for api in apis:
            watch, contract = self._kept[_key(api)]
            loaded.files.update(watch.files)
            loaded.diagnostics.extend(_placed(one, api) for one in contract.diagnostics)
            if not has_errors(contract.diagnostics):
                loaded.contracts[api.name] = contract
        return loaded

    def _fetch(self, api: Api) -> tuple[Watch, Contract]:
        kept = self._kept.get(_key(api))
        if kept is not None and not kept[0].changed():
            return kept
        # The watch looks at each file before it is read: a change in between is then seen the next time.
        watch = Watch()
        contract = load_contract(
            Path(api.contract),
            api=api.name,
            allow=[Path(folder) for folder in api.contract_folders],
            patterns=api.patterns,
            on_open=watch.add,
        )
        return watch, contract


def _placed(diagnostic: Diagnostic, api: Api) -> Diagnostic:
    """What cannot be read has no line of its own: it is mended where it is named."""
    if diagnostic.code != UNREADABLE or not api.contract_place.file:
        return diagnostic
    return api.contract_place.diagnostic(diagnostic.code, diagnostic.message, hint=diagnostic.hint)


def _key(api: Api) -> _Key:
    return api.name, api.contract, api.contract_folders, api.patterns

"""The contracts of a configuration, read once and again only when their files change."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from yett.contract import Contract, load_contract
from yett.model.diagnostic import Diagnostic, has_errors
from yett.services.watching import Watch

if TYPE_CHECKING:
    from yett.model.api import Api, Patterns

    _Key = tuple[str, str, tuple[str, ...], Patterns]


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
        kept = {_key(api): self._fetch(api) for api in apis}
        self._kept = kept
        for (name, *_), (watch, contract) in kept.items():
            loaded.files.update(watch.files)
            loaded.diagnostics.extend(contract.diagnostics)
            if not has_errors(contract.diagnostics):
                loaded.contracts[name] = contract
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


def _key(api: Api) -> _Key:
    return api.name, api.contract, api.contract_folders, api.patterns

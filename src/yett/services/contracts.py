"""The contracts of a configuration, read once and again only when their files change."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from yett.config.files import read_file
from yett.contract import Contract, load_contract
from yett.model.diagnostic import Diagnostic, has_errors
from yett.services.watching import Watch

if TYPE_CHECKING:
    from yett.model.api import Api, Patterns


_REFERS_TO_FILE: Final = re.compile(rb"\$ref[\"']?[ \t]*:[ \t\r\n]*[\"']?[^#\"'\s]")
_SUFFIXES: Final = frozenset({".json", ".yaml", ".yml"})
_MOST_FILES: Final = 1_000


@dataclass(slots=True)
class LoadedContracts:
    """Contracts by the API's name, without those that hold errors; all mistakes; all files they consist of."""

    contracts: dict[str, Contract] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    files: set[str] = field(default_factory=set)


class ContractShelf:
    """Keeps contracts between reloads, so that a changed limit does not cost the reading of a large contract."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, Patterns], tuple[Watch, Contract]] = {}

    def load(self, apis: tuple[Api, ...]) -> LoadedContracts:
        """The contracts of `apis`; those of other APIs are forgotten."""
        loaded = LoadedContracts()
        kept = {(api.name, api.contract, api.patterns): self._fetch(api) for api in apis}
        self._kept = kept
        for (name, path, _), (_, contract) in kept.items():
            loaded.files.update(contract_files(path))
            loaded.diagnostics.extend(contract.diagnostics)
            if not has_errors(contract.diagnostics):
                loaded.contracts[name] = contract
        return loaded

    def _fetch(self, api: Api) -> tuple[Watch, Contract]:
        kept = self._kept.get((api.name, api.contract, api.patterns))
        if kept is not None and not kept[0].changed():
            return kept
        # The watch looks before the contract is read: a change in between is then seen the next time.
        watch = Watch(contract_files(api.contract))
        return watch, load_contract(Path(api.contract), api=api.name, patterns=api.patterns)


def contract_files(path: str) -> set[str]:
    """The files that a contract may consist of.

    Without a `$ref` to another file it is the contract alone; with one, whatever could be meant below its folder, which
    is where contracts are read from.
    """
    try:
        refers = _REFERS_TO_FILE.search(read_file(path)) is not None
    except OSError:
        refers = False
    if not refers:
        return {path}
    below = (str(file) for file in Path(path).parent.rglob("*") if file.suffix.lower() in _SUFFIXES)
    return {path, *islice(below, _MOST_FILES)}

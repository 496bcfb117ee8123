"""What was published last, and whether a configuration serves anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from yett.errors import ConfigurationError
from yett.store import Database, Publication, PublicationStore

if TYPE_CHECKING:
    from yett.model.diagnostic import Diagnostic
    from yett.services.assembly import Assembly

_T = TypeVar("_T")


def published_in(path: str) -> dict[str, Publication]:
    """What was published last, by API, in the store at `path`. No store, nothing. Raises `StoreError`."""
    return _read(path, PublicationStore.latest) or {}


def history_in(path: str) -> list[Publication]:
    """All publications in the store at `path`, by API and in order. No store, none. Raises `StoreError`."""
    return _read(path, PublicationStore.history) or []


def _read(path: str, ask: Callable[[PublicationStore], _T]) -> _T | None:
    if not Path(path).exists():
        return None
    database = Database.open(Path(path))
    try:
        return ask(PublicationStore(database))
    finally:
        database.close()


def demand_published(assembly: Assembly) -> None:
    """Raise `ConfigurationError` where only what was published is served, and something else would be."""
    if assembly.sound and (found := list(unpublished(assembly))):
        raise ConfigurationError(found)


def watched_store(assembly: Assembly) -> frozenset[str]:
    """The files in which a publication shows, where it matters."""
    if assembly.configuration.governance.serve != "published":
        return frozenset()
    return frozenset({assembly.store, f"{assembly.store}-wal"})


def unpublished(assembly: Assembly) -> Iterator[Diagnostic]:
    """What would be served and was not published, where only that may be. Raises `StoreError`."""
    governance = assembly.configuration.governance
    if governance.serve != "published":
        return
    published = published_in(assembly.store)
    for api in assembly.configuration.apis:
        contract, known = assembly.contracts[api.name], published.get(api.name)
        if known is not None and known.digest == contract.digest:
            continue
        place = api.contract_place if api.contract_place.file else api.place
        message = f"the contract of `{api.name}` was never published, and only published ones are served"
        if known is not None:
            message = f"the contract of `{api.name}` is not the one published last (version {known.version})"
        hint = "see what stands in its way with `yett gate`, and publish it with `yett publish`"
        yield place.diagnostic("contract-unpublished", message, hint=hint)

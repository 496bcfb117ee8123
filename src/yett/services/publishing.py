"""Publishing: a configuration is judged, and what passes is kept for good."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yett.design.bundle import bundle
from yett.errors import ConfigurationError
from yett.services.access import read_scene
from yett.services.assembly import assemble
from yett.services.gates import Judgement, judge_scene, verdict_document
from yett.services.published import history_in
from yett.store import Database, Publication, PublicationStore

if TYPE_CHECKING:
    from yett.model.api import Api

__all__ = ["Publication", "Published", "publications", "publish"]


@dataclass(frozen=True, slots=True)
class Published:
    """How a configuration was judged, and what was published: nothing where anything blocks."""

    judgement: Judgement
    publications: tuple[Publication, ...]


def publish(path: str, environment: Mapping[str, str], *, by: str, clock: Callable[[], float] = time.time) -> Published:
    """Judge the configuration at `path` and, where nothing blocks, publish every contract that is new or has changed.

    Raises `ConfigurationError` as `judge` does, and `StoreError`.
    """
    scene = read_scene(path, environment)
    judgement = judge_scene(scene)
    if judgement.blocked:
        return Published(judgement, ())
    apis = {one.name: one for one in scene.assembly.configuration.apis}
    found = tuple(
        Publication(
            one.api, one.version, one.digest, _text(apis[one.api]), _verdict(judgement, one.api), by, int(clock())
        )
        for one in judgement.apis
        if one.step != "publish"
    )
    if found:
        database = Database.open(Path(scene.assembly.store))
        try:
            PublicationStore(database).publish(found)
        finally:
            database.close()
    return Published(judgement, found)


def publications(path: str, environment: Mapping[str, str]) -> list[Publication]:
    """All that was published by the configuration at `path`, by API and in order. Raises `StoreError`."""
    return history_in(assemble(path, environment, need_secrets=False).store)


def as_document(publication: Publication) -> dict[str, Any]:
    """A publication as plain data, without the contract."""
    return {
        "api": publication.api, "number": publication.number, "version": publication.version,
        "digest": publication.digest, "by": publication.by, "at": publication.at,
        "verdicts": json.loads(publication.verdict),
    }  # fmt: skip


def _text(api: Api) -> str:
    document, found = bundle(Path(api.contract), [Path(one) for one in api.contract_folders])
    if document is None:
        raise ConfigurationError(found)
    return json.dumps(document, ensure_ascii=False)


def _verdict(judgement: Judgement, api: str) -> str:
    return json.dumps([verdict_document(one) for one in judgement.verdicts if one.api in (api, "")])

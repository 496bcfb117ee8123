"""Write the contract and the configuration of a new API."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from yett.design.contract import NewApi, Scheme, contract_of
from yett.design.resources import DEFAULT, ResourceError, read_resource, read_resources
from yett.design.settings import settings_of
from yett.documents import write_yaml
from yett.errors import YettError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["DEFAULT", "Plan", "ResourceError", "Written", "read_resource", "write_api"]

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z")
_VERSION: Final = re.compile(r"\d{1,6}\.\d{1,6}\.\d{1,6}\Z")
_SETTINGS: Final = "yett.yaml"


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked for: a name, resources as `book:title:string`, and what has good defaults."""

    name: str
    resources: Sequence[str]
    folder: Path = Path()
    owner: str = ""
    server: str = ""
    upstream: str = "http://127.0.0.1:9000"
    version: str = "1.0.0"
    scheme: str = "api-key"
    force: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """The files that were written, and how many operations they hold."""

    contract: Path
    settings: Path
    operations: int


def write_api(plan: Plan) -> Written:
    """Write both files, or none. Raises `YettError` for a name, and for a file that is there already."""
    api = _api(plan)
    contract, settings = plan.folder / f"{api.name}.openapi.yaml", plan.folder / _SETTINGS
    document = contract_of(api)
    texts = {contract: write_yaml(document), settings: _settings_text(api, contract.name, plan.upstream)}
    there = [str(path) for path in texts if path.exists() or path.is_symlink()]
    if there and not plan.force:
        raise YettError(
            f"{' and '.join(there)} is there already", code="file-exists", hint="name another folder, or say --force"
        )
    plan.folder.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        _write(path, text, force=plan.force)
    return Written(contract, settings, sum(len(item) - ("parameters" in item) for item in document["paths"].values()))


def _write(path: Path, text: str, *, force: bool) -> None:
    # `x` also refuses a file that came to be in the meantime.
    with path.open("w" if force else "x", encoding="utf-8") as file:
        file.write(text)


def _settings_text(api: NewApi, contract: str, upstream: str) -> str:
    head = f"# {api.title} behind the gateway. Give an app a key with `yett key new --app {api.name}-reader`.\n"
    return head + write_yaml(settings_of(api, contract, upstream))


def _api(plan: Plan) -> NewApi:
    if not _NAME.match(plan.name) or len(plan.name) > 40:
        hint = "write it in lower case with hyphens: `book-shop`"
        raise YettError(f"{plan.name[:60]!r} is not a name for an API", code="name-not-usable", hint=hint)
    if not _VERSION.match(plan.version):
        raise YettError(f"{plan.version[:60]!r} is not a version", code="version-not-usable", hint="write it as 1.0.0")
    owner = plan.owner or f"{plan.name}-team"
    if not _NAME.match(owner) or len(owner) > 60:
        hint = "write it in lower case with hyphens: `shop-team`"
        raise YettError(f"{owner[:60]!r} is not a name for a team", code="name-not-usable", hint=hint)
    server = plan.server or f"https://api.example.com/{plan.name}"
    if not re.match(r"https://[^\s/]+(/[^\s]*[^\s/])?\Z", server):
        hint = "write an https address without a slash at its end"
        raise YettError(f"{server[:80]!r} is no address for callers", code="server-not-usable", hint=hint)
    resources = read_resources(plan.resources or [plan.name])
    return NewApi(plan.name, resources, owner, server, plan.version, cast("Scheme", plan.scheme))

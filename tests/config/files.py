"""Configuration files for the tests of this room."""

from __future__ import annotations

from pathlib import Path

from yett.config import Loaded, load_configuration
from yett.model.diagnostic import Diagnostic

BOOKSHOP = """\
yett: 1
gateway: {listen: "127.0.0.1:8080", workers: 2}
apis:
  - name: bookshop
    contract: bookshop.openapi.yaml
    upstream: http://127.0.0.1:9000
    base_path: /bookshop
    owner: shop-team
    identify: [api-key]
    guards: {contract: {mode: enforce}}
collections:
  - {name: catalogue, operations: [bookshop:listBooks, bookshop:getBook]}
profiles:
  - {name: reader, grants: [{collection: catalogue}], limits: [{requests: 100, per: minute}]}
teams: [{name: shop-team}]
apps:
  - {name: reader-app, team: shop-team, profiles: [reader], keys: [{env: READER_KEY}]}
"""


def load(folder: Path, text: str) -> Loaded:
    """What `text` is read as."""
    path = folder / "yett.yaml"
    path.write_text(text, encoding="utf-8")
    return load_configuration(str(path))


def mistakes(folder: Path, text: str) -> list[Diagnostic]:
    """What is wrong with `text`."""
    return list(load(folder, text).diagnostics)


def only_mistake(folder: Path, text: str) -> Diagnostic:
    """The one thing that is wrong with `text`."""
    found = mistakes(folder, text)
    assert len(found) == 1, found
    return found[0]

"""Configurations of access, written as YAML and read without a file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from yett.access.effective import Access
from yett.access.principals import Principal, find
from yett.compile.operations import matches
from yett.config import Loaded, load_configuration
from yett.model.place import Reference

OPERATIONS = ("shop:list", "shop:get", "shop:create", "shop:remove")
NOW = 1_800_000_000
"""2027-01-15T08:00:00Z."""


def load(folder: Path, text: str) -> Loaded:
    """The configuration of a text, and its mistakes."""
    (folder / "yett.yaml").write_text(f"yett: 1\n{text}", encoding="utf-8")
    return load_configuration(str(folder / "yett.yaml"))


def resolve(references: Iterable[Reference]) -> list[str]:
    """The operations of a shop without a contract."""
    return list(dict.fromkeys(name for one in references for name in OPERATIONS if matches(one.name, name)))


def access(folder: Path, text: str) -> tuple[Access, Loaded]:
    """The effective access of a text that holds no mistake."""
    loaded = load(folder, text)
    assert [one for one in loaded.diagnostics if one.code != "unknown-api"] == []
    return Access(loaded.configuration, resolve), loaded


def named(name: str, loaded: Loaded) -> Principal:
    """The principal of that name."""
    return find(name, loaded.configuration)


def allowed(access: Access, principal: Principal, moment: int = NOW) -> set[str]:
    """What the principal may call, without the name of the API."""
    return {name.partition(":")[2] for name, verdict in access.at(principal, moment).items() if verdict.allowed}

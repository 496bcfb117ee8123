"""The arrows between rooms, held against the imports and the manifests themselves."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "src" / "yett"

ARROWS: dict[str, frozenset[str]] = {
    "model": frozenset(),
    "errors": frozenset({"model"}),
    "documents": frozenset({"model", "errors"}),
    "access": frozenset({"model", "errors"}),
    "compile": frozenset({"model", "errors"}),
    "config": frozenset({"model", "errors", "documents", "access"}),
    "contract": frozenset({"model", "errors", "documents"}),
    "gateway": frozenset({"model", "errors"}),
    "services": frozenset({"model", "errors", "documents", "access", "compile", "config", "contract", "gateway"}),
    "cli": frozenset({"model", "errors", "access", "gateway", "services"}),
}
"""What each room may import, besides itself."""

CRATES: dict[str, frozenset[str]] = {
    "yett-model": frozenset(),
    "yett-engine": frozenset({"yett-model"}),
    "yett-proxy": frozenset({"yett-model", "yett-engine"}),
    "yett-py": frozenset({"yett-model", "yett-engine", "yett-proxy"}),
}

IO_MODULES = {"asyncio", "http", "io", "os", "pathlib", "random", "secrets", "shutil", "socket", "subprocess", "time"}
BANNED_WORDS = re.compile(r"plugin|middleware|filter|consumer|manager|helper|util", re.IGNORECASE)


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(path: Path) -> str:
    """The room that a file stands in."""
    return path.relative_to(SOURCES).parts[0].removesuffix(".py")


FILES = [path for path in sorted(SOURCES.rglob("*.py")) if path != SOURCES / "__init__.py"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCES)))
def test_a_file_imports_only_what_its_room_may(path: Path) -> None:
    room = room_of(path)
    assert room in ARROWS, (
        f"the room `{room}` is new: say in ARROWS what it may import, and in ARCHITECTURE.md what it is"
    )
    imported = {name.split(".")[1] for name in imports(path) if name.startswith("yett.")}
    assert imported - {room, "_native"} <= ARROWS[room]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCES)))
def test_only_the_hatch_names_the_native_module(path: Path) -> None:
    literals = {node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)}
    named = "yett._native" in {*imports(path), *literals}
    assert not named or path == SOURCES / "gateway" / "native.py"


@pytest.mark.parametrize("path", sorted((SOURCES / "model").glob("*.py")), ids=lambda path: path.name)
def test_the_model_does_no_io(path: Path) -> None:
    assert {name.split(".")[0] for name in imports(path)} & IO_MODULES == set()


@pytest.mark.parametrize("crate", sorted(CRATES))
def test_a_crate_depends_only_on_what_lies_below_it(crate: str) -> None:
    manifest = tomllib.loads((ROOT / "crates" / crate / "Cargo.toml").read_text())
    named = set(manifest["dependencies"])
    assert {name for name in named if name.startswith("yett-")} <= CRATES[crate]
    assert ("pyo3" in named) is (crate == "yett-py")
    assert crate in {"yett-proxy", "yett-py"} or "tokio" not in named


def test_every_crate_has_its_place() -> None:
    assert {path.name for path in (ROOT / "crates").iterdir() if path.is_dir()} == set(CRATES)


def test_every_room_says_what_lives_in_it() -> None:
    for folder in {path.parent for path in FILES}:
        docstring = ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))
        assert docstring, f"{folder.relative_to(ROOT)}/__init__.py does not say what lives there"


def test_names_keep_to_the_vocabulary() -> None:
    places = [ROOT / "crates", SOURCES]
    names = [path for place in places for path in place.rglob("*") if path.suffix in {".py", ".rs"}]
    assert [str(path) for path in names if BANNED_WORDS.search(path.stem)] == []

"""The house keeps its shape: arrows, vocabulary, and what only one room may do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "yett"

# Room -> the rooms it may import from. `services` ties them together; whatever faces people stands on it.
ARROWS: dict[str, set[str]] = {
    "errors": {"model"},
    "model": set(),
    "documents": {"errors", "model"},
    "access": {"errors", "model"},
    "callout": set(),
    "config": {"access", "documents", "errors", "model"},
    "contract": {"documents", "errors", "model"},
    "governance": {"access", "contract", "documents", "model"},
    "design": {"contract", "documents", "errors", "governance", "model"},
    "compile": {"errors", "model"},
    "gateway": {"errors", "model"},
    "store": {"errors", "model"},
    "tokens": {"errors", "gateway", "model"},
    "services": {
        "access",
        "collections",
        "compile",
        "config",
        "contract",
        "design",
        "documents",
        "errors",
        "gateway",
        "governance",
        "model",
        "store",
        "tokens",
    },
    "collections": {"access", "config", "contract", "design", "documents", "errors", "model"},
    "cli": {"access", "collections", "contract", "errors", "gateway", "model", "services"},
}

# What would do I/O, or ask the world something: never in the rooms that are pure.
WORLDLY = {
    "os", "io", "pathlib", "socket", "subprocess", "time", "random", "secrets", "shutil", "tempfile", "threading",
    "asyncio", "urllib.request", "http.client", "sqlite3", "importlib", "signal", "sys", "logging",
}  # fmt: skip
PURE = ("model", "compile")

BANNED = re.compile(
    r"\b(plugin|middleware|consumer|manager|helper|utils)s?\b|\bfilter(?:s|ed|ing)?\b(?!\()", re.IGNORECASE
)
MODULES = sorted(path for path in SOURCE.rglob("*.py"))


def room_of(module: Path) -> str:
    """The room a module stands in."""
    return module.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports_of(module: Path) -> Iterator[str]:
    """Every module that is imported anywhere in `module`, also late and for types only."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def named(module: Path) -> str:
    """What a module is called in a test's name."""
    return module.relative_to(SOURCE).as_posix()


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_a_module_imports_only_from_rooms_its_own_may_import_from(module: Path) -> None:
    room = room_of(module)
    if room == "__init__":
        assert not any(name.startswith("yett") for name in imports_of(module))
        return
    assert room in ARROWS, f"say in ARROWS what the room `{room}` may import"
    rooms = {name.split(".")[1] for name in imports_of(module) if name.startswith("yett.")}
    assert rooms - {room} <= ARROWS[room]


@pytest.mark.parametrize("module", [one for one in MODULES if room_of(one) in PURE], ids=named)
def test_a_pure_room_asks_nothing_of_the_world(module: Path) -> None:
    found = {name for name in imports_of(module) if name in WORLDLY or name.split(".")[0] in WORLDLY}
    assert not found


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_only_the_hatch_names_the_native_module(module: Path) -> None:
    if room_of(module) != "gateway":
        assert "_native" not in module.read_text(encoding="utf-8")


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_only_the_store_speaks_sql(module: Path) -> None:
    if room_of(module) != "store":
        assert not {name.split(".")[0] for name in imports_of(module)} & {"sqlite3", "sqlalchemy", "psycopg"}


def test_the_hatch_imports_the_native_module_late() -> None:
    for module in SOURCE.joinpath("gateway").glob("*.py"):
        assert not any("_native" in name for name in imports_of(module))


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_a_module_says_what_it_is_and_speaks_the_vocabulary(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "the first lines of a module say what lives there"
    # What others call their modules is their affair.
    assert not BANNED.findall(re.sub(r"^from cryptography\S* ", "", text, flags=re.MULTILINE))


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_a_module_stays_small(module: Path) -> None:
    assert len(module.read_text(encoding="utf-8").splitlines()) <= 400
    lengths = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert max(lengths, default=0) <= 60


def test_every_room_has_tests_named_after_it() -> None:
    rooms = {room_of(module) for module in MODULES} - {"__init__", "errors"}
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()}
    assert rooms <= folders

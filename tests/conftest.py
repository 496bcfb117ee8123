"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let generated files be rewritten instead of compared: what `make docs` does."""
    parser.addoption("--update", action="store_true", help="rewrite generated and golden files")


@pytest.fixture
def keep(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Hold a generated file against what it should be, or rewrite it with --update."""

    def check(path: Path, text: str) -> None:
        if request.config.getoption("--update"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        kept = path.read_text() if path.exists() else ""
        assert kept == text, f"{path.relative_to(ROOT)} is stale: `make docs` renews it"

    return check


@pytest.fixture(scope="session")
def corpora() -> Path:
    """Contracts and suites of other people, which are not part of this repository: YETT_CORPORA says where."""
    place = Path(os.environ.get("YETT_CORPORA", ROOT.parent / "shared" / "corpora"))
    if not place.is_dir():
        pytest.skip(f"no corpora at {place}: set YETT_CORPORA to where they are")
    return place

"""What tests of the token endpoint may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tokens.stage import Stage
from yett.gateway import native_available

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, saying so, what needs the verifier where there is none."""
    missing = pytest.mark.skip(reason="the native module is not built: run `make build`")
    for item in items:
        if HERE in item.path.parents and not native_available():
            item.add_marker(missing)


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A fresh endpoint."""
    made = Stage()
    yield made
    made.endpoint.close()

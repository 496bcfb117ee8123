"""A gateway for all wire tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wire.stage import Stage, staged
from yett.gateway import native_available

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, saying so, what needs a gateway where there is none."""
    missing = pytest.mark.skip(reason="the native module is not built: run `make build`")
    for item in items:
        if HERE in item.path.parents and "stage" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.e2e)
            if not native_available():
                item.add_marker(missing)


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The gateway, and the upstream behind it."""
    with staged(tmp_path_factory.mktemp("wire")) as running:
        yield running

"""What tests of the token endpoint may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tokens.stage import Stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A fresh endpoint."""
    made = Stage()
    yield made
    made.endpoint.close()

"""The weak shop, bare and behind a real gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.attacks import shop as weak
from tests.attacks.guarded import Guarded, guarding
from yett.access.keys import new_key
from yett.gateway import native_available

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts a gateway, and skip it, saying so, where there is none."""
    missing = pytest.mark.skip(reason="the native module is not built: run `make build`")
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            if not native_available():
                item.add_marker(missing)


@pytest.fixture
def weak_shop() -> Iterator[weak.WeakShop]:
    """A new shop, with nothing in front of it."""
    with weak.serving() as served:
        yield served


@pytest.fixture
def guarded(weak_shop: weak.WeakShop, tmp_path: Path) -> Iterator[Callable[..., Guarded]]:
    """Starts a gateway before the shop: `guarded(gateway={...}, policies=[...], guards={...})`.

    What is given under `gateway` and `policies` and the like goes to the top of the configuration, everything else to
    the API. Apps `alice` and `bob` may call every operation.
    """
    keys = {name: new_key("test").text for name in ("alice", "bob")}
    with ExitStack() as stack:

        def start(**settings: Any) -> Guarded:
            begun: AbstractContextManager[Guarded] = guarding(tmp_path / "shop", weak_shop.url, keys, settings)
            return stack.enter_context(begun)

        yield start

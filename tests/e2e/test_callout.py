"""The example of a callout under uvicorn, behind a gateway: what it allows, what it refuses, and without it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import yaml

from examples.callout.judge import judge
from tests.e2e.gateways import PATIENCE, ROOT, Gateway, running
from tests.e2e.recorder import Recorder
from yett.access.keys import new_key

ADDRESS = {"street": "7 Harbour Lane", "city": "Bergen", "country": "NO"}


@contextmanager
def serving(app: Any) -> Iterator[int]:
    """Serve an ASGI application; the port."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + PATIENCE
    while not server.started:
        assert time.monotonic() < deadline, "uvicorn did not start"
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


def lay_out(folder: Path, upstream: str, callout: int) -> Path:
    """The example as it is shipped, but for its addresses."""
    settings = yaml.safe_load((ROOT / "examples" / "callout" / "yett.yaml").read_text())
    settings["gateway"] = {"listen": "127.0.0.1:0", "access_log": "access.log", "overload": {"lag": "60s"}}
    settings["apis"][0] |= {"upstream": upstream, "contract": str(ROOT / "examples/bookshop/bookshop.openapi.yaml")}
    settings["callouts"][0]["url"] = f"http://127.0.0.1:{callout}/"
    folder.mkdir()
    (folder / "yett.yaml").write_text(yaml.safe_dump(settings))
    return folder


@pytest.fixture
def shop(recorder: Recorder, tmp_path: Path) -> Iterator[Gateway]:
    """The bookshop whose orders the callout judges."""
    with serving(judge) as port:
        folder = lay_out(tmp_path / "shop", recorder.url, port)
        with running(folder, {"buyer": new_key("test").text}) as gateway:
            yield gateway


def order(quantity: int) -> dict[str, Any]:
    """An order of so many copies."""
    return {"customer_id": 1, "items": [{"book_id": 3, "quantity": quantity}], "address": ADDRESS}


def test_an_order_that_is_allowed_reaches_the_shop_with_the_field_of_the_callout(
    shop: Gateway, recorder: Recorder
) -> None:
    found = shop.client("buyer").post("/bookshop/orders", order(6), {"x-order-size": "forged"})
    assert found.status == 200
    assert recorder.requests[-1].values("x-order-size") == ["large"]


def test_an_order_that_is_denied_does_not_reach_the_shop(shop: Gateway, recorder: Recorder) -> None:
    found = shop.client("buyer").post("/bookshop/orders", order(11))
    assert (found.status, found.problem["code"]) == (403, "callout-denied")
    assert recorder.requests == []
    assert "11 copies in one order" in shop.event(found.problem["decision"])["reason"]
    assert "copies" not in found.body.decode()


def test_operations_without_a_callout_ask_nobody(recorder: Recorder, tmp_path: Path) -> None:
    with running(lay_out(tmp_path / "shop", recorder.url, 1), {"buyer": new_key("test").text}) as gateway:
        buyer = gateway.client("buyer")
        assert buyer.get("/bookshop/books/1").status == 200
        found = buyer.post("/bookshop/orders", order(1))
        assert (found.status, found.problem["code"]) == (503, "callout-unavailable")

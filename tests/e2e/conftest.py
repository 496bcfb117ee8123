"""Real gateways, real upstreams, and callers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpbin import app as httpbin_app
from waitress.server import create_server

from examples.bookshop import demo, upstream
from tests.e2e import shapes
from tests.e2e.gateways import Gateway, running
from tests.e2e.recorder import Recorder, recording
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
def recorder() -> Iterator[Recorder]:
    """An upstream that records."""
    with recording() as upstream:
        yield upstream


@pytest.fixture
def keys() -> dict[str, str]:
    """A key for each app of the small API."""
    return {name: new_key("test").text for name in ("owner", "guest")}


@pytest.fixture
def gateway(recorder: Recorder, keys: dict[str, str], tmp_path: Path) -> Iterator[Gateway]:
    """The small API in front of the recorder."""
    folder = shapes.lay_out(tmp_path / "box", shapes.settings(recorder.url))
    with running(folder, keys) as started:
        yield started


@pytest.fixture(scope="session")
def httpbin_url() -> Iterator[str]:
    """httpbin, served by waitress."""
    server = create_server(httpbin_app, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The bookshop behind `yett run`, with the configuration as it is shipped but for its ports."""
    server = upstream.start()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    folder = tmp_path_factory.mktemp("bookshop")
    demo.lay_out(folder, 0, 0, f"http://127.0.0.1:{server.server_address[1]}")
    text = (folder / "yett.yaml").read_text()
    (folder / "yett.yaml").write_text(text.replace("gateway:\n", "gateway:\n  access_log: access.log\n", 1))
    try:
        with running(folder, {app.lower(): new_key("test").text for app in demo.APPS}) as gateway:
            yield gateway
    finally:
        server.shutdown()
        server.server_close()

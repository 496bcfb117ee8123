"""WebSocket through the gateway, between a client and a server that know nothing of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

from tests.e2e.gateways import Gateway, running
from yett.access.keys import new_key

LONG = 100_000


def answer(socket: ServerConnection) -> None:
    """Say who came, then send everything back."""
    assert socket.request is not None
    socket.send(json.dumps([socket.request.path, socket.request.headers.get("yett-app"), socket.subprotocol]))
    for message in socket:
        socket.send(message)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway before a server of WebSocket: `chat` may be opened, `page` may not."""

    def operation(name: str) -> dict[str, object]:
        return {"get": {"operationId": name, "responses": {"200": {"description": "A page."}}}}

    contract = {
        "openapi": "3.1.0",
        "info": {"title": "Talk", "version": "1.0.0"},
        "paths": {"/chat": operation("chat"), "/page": operation("page")},
    }
    folder = tmp_path / "talk"
    folder.mkdir()
    (folder / "talk.json").write_text(json.dumps(contract))
    with serve(answer, "127.0.0.1", 0, subprotocols=[Subprotocol("v1.talk")]) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = {
            "yett": 1,
            "gateway": {"listen": "127.0.0.1:0", "access_log": "access.log", "workers": 1, "limits": []},
            "apis": [
                {
                    "name": "talk",
                    "contract": "talk.json",
                    "upstream": f"http://127.0.0.1:{server.socket.getsockname()[1]}",
                    "base_path": "/talk",
                    "operations": {"chat": {"websocket": {"origins": ["https://app.example"]}, "idle_timeout": "10m"}},
                }
            ],
            "profiles": [{"name": "guest", "grants": [{"operation": "talk:*"}]}],
            "teams": [{"name": "crew"}],
            "apps": [{"name": "guest-app", "team": "crew", "profiles": ["guest"], "keys": [{"env": "GUEST_KEY"}]}],
        }
        (folder / "yett.yaml").write_text(json.dumps(settings))
        with running(folder, {"guest": new_key("test").text}) as started:
            yield started


def opened(
    gateway: Gateway, path: str = "/talk/chat", origin: str | None = None, *, key: bool = True
) -> ClientConnection:
    """A WebSocket through the gateway."""
    return connect(
        f"ws://127.0.0.1:{gateway.port}{path}",
        additional_headers={"x-api-key": gateway.keys["guest"]} if key else {},
        origin=origin,  # type: ignore[arg-type]
        subprotocols=[Subprotocol("v1.talk")],
        open_timeout=10,
    )


def test_messages_pass_with_compression_subprotocol_and_identity(gateway: Gateway) -> None:
    with opened(gateway, "/talk/chat", "https://app.example") as socket:
        assert json.loads(socket.recv(timeout=10)) == ["/chat", "guest-app", "v1.talk"]
        for message in ("hello", b"\x00\xff", "x" * LONG):
            socket.send(message)
            assert socket.recv(timeout=10) == message
        assert socket.response is not None
        decision = socket.response.headers["yett-decision"]
    event = gateway.event(decision)
    assert (event["status"], event["operation"], event["app"]) == (101, "talk:chat", "guest-app")
    assert event["bytes_in"] > 0
    assert event["bytes_out"] > 0


@pytest.mark.parametrize(
    ("path", "origin", "key", "status", "code"),
    [
        ("/talk/chat", "https://evil.example", True, 403, "origin-refused"),
        ("/talk/page", None, True, 400, "upgrade-refused"),
        ("/talk/chat", None, False, 401, "credential-missing"),
        ("/talk/nothing", None, True, 404, "operation-unknown"),
    ],
)
def test_a_refused_handshake_says_why(
    gateway: Gateway, path: str, origin: str | None, key: bool, status: int, code: str
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        opened(gateway, path, origin, key=key)
    assert refused.value.response.status_code == status
    assert json.loads(refused.value.response.body)["code"] == code


def test_a_gateway_that_stops_says_goodbye(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        socket.recv(timeout=10)
        gateway.terminate()
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001
    assert gateway.wait() == 0

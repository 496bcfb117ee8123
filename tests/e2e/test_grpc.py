"""gRPC through the gateway, between a client and a server that know nothing of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from concurrent import futures
from pathlib import Path
from queue import Queue
from typing import Any

import grpc
import pytest

from tests.e2e.gateways import Gateway, running
from yett.access.keys import new_key

METHODS = ("Unary", "Count", "Chat", "Fail", "Hidden")


def unary(request: bytes, context: Any) -> bytes:
    """Send the request back; say in the trailers what was said in the metadata."""
    told = dict(context.invocation_metadata())
    context.set_trailing_metadata((("x-app", told.get("yett-app", "")), ("x-key", told.get("x-api-key", "none"))))
    return request


def count(request: bytes, _context: Any) -> Iterator[bytes]:
    """Stream numbers."""
    yield from (str(number).encode() for number in range(int(request)))


def chat(requests: Iterable[bytes], _context: Any) -> Iterator[bytes]:
    """Answer each message before the next comes."""
    for request in requests:
        yield request.upper()


def fail(_request: bytes, context: Any) -> bytes:
    """End with a status and a message that must be encoded."""
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "100 % nicht möglich")
    return b""


@pytest.fixture
def upstream() -> Iterator[int]:
    """A gRPC server; its port."""
    server = grpc.server(futures.ThreadPoolExecutor(4))
    handlers = {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "Count": grpc.unary_stream_rpc_method_handler(count),
        "Chat": grpc.stream_stream_rpc_method_handler(chat),
        "Fail": grpc.unary_unary_rpc_method_handler(fail),
        "Hidden": grpc.unary_unary_rpc_method_handler(unary),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("desk.Desk", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield port
    server.stop(None)


@pytest.fixture
def gateway(upstream: int, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway before it: every method is an operation of a contract, one needs more than the app has."""
    media: dict[str, Any] = {"content": {"application/grpc": {}}}
    paths = {
        f"/desk.Desk/{name}": {
            "post": {
                "operationId": name,
                "requestBody": {"required": True, **media},
                "responses": {"200": {"description": "The call's answer.", **media}},
            }
        }
        for name in METHODS
    }
    contract = {"openapi": "3.1.0", "info": {"title": "Desk", "version": "1.0.0"}, "paths": paths}
    settings = {
        "yett": 1,
        "gateway": {"listen": "127.0.0.1:0", "access_log": "access.log", "workers": 1, "limits": []},
        "apis": [
            {
                "name": "desk",
                "contract": "desk.json",
                "upstream": {"targets": [{"url": f"http://127.0.0.1:{upstream}"}], "protocol": "http2"},
                "guards": {"contract": {"responses": "enforce"}},
                "operations": {"Chat": {"idle_timeout": "10m"}},
            }
        ],
        "profiles": [{"name": "clerk", "grants": [{"operation": f"desk:{name}"} for name in METHODS[:-1]]}],
        "teams": [{"name": "crew"}],
        "apps": [{"name": "clerk-app", "team": "crew", "profiles": ["clerk"], "keys": [{"env": "CLERK_KEY"}]}],
    }
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "desk.json").write_text(json.dumps(contract))
    (folder / "yett.yaml").write_text(json.dumps(settings))
    with running(folder, {"clerk": new_key("test").text}) as started:
        yield started


@pytest.fixture
def channel(gateway: Gateway) -> Iterator[grpc.Channel]:
    """A channel to the gateway."""
    with grpc.insecure_channel(f"127.0.0.1:{gateway.port}") as opened:
        yield opened


def key_of(gateway: Gateway) -> list[tuple[str, str]]:
    """The app's key as metadata."""
    return [("x-api-key", gateway.keys["clerk"])]


def test_a_unary_call_and_its_trailers_pass(gateway: Gateway, channel: grpc.Channel) -> None:
    answer, call = channel.unary_unary("/desk.Desk/Unary").with_call(b"hello", metadata=key_of(gateway), timeout=10)
    assert answer == b"hello"
    assert dict(call.trailing_metadata()) == {"x-app": "clerk-app", "x-key": "none"}
    event = gateway.event(dict(call.initial_metadata())["yett-decision"])
    assert (event["operation"], event["status"], event["protocol"]) == ("desk:Unary", 200, "HTTP/2")
    assert "would_deny" not in event


def test_many_messages_come_one_after_another(gateway: Gateway, channel: grpc.Channel) -> None:
    numbers = channel.unary_stream("/desk.Desk/Count")(b"500", metadata=key_of(gateway), timeout=10)
    assert [int(number) for number in numbers] == list(range(500))


def test_both_sides_speak_in_turns(gateway: Gateway, channel: grpc.Channel) -> None:
    words: Queue[bytes | None] = Queue()
    said = iter(words.get, None)
    answers = channel.stream_stream("/desk.Desk/Chat")(said, metadata=key_of(gateway), timeout=10)
    for word in (b"one", b"two", b"three"):
        words.put(word)
        assert next(answers) == word.upper()
    words.put(None)
    assert list(answers) == []


def test_the_status_of_the_upstream_is_the_callers(gateway: Gateway, channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as failed:
        channel.unary_unary("/desk.Desk/Fail")(b"", metadata=key_of(gateway), timeout=10)
    assert (failed.value.code(), failed.value.details()) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "100 % nicht möglich",
    )


@pytest.mark.parametrize(
    ("method", "with_key", "status", "code"),
    [
        ("Unary", False, grpc.StatusCode.UNAUTHENTICATED, "credential-missing"),
        ("Hidden", True, grpc.StatusCode.PERMISSION_DENIED, "access-denied"),
        ("Nothing", True, grpc.StatusCode.UNIMPLEMENTED, "operation-unknown"),
    ],
)
def test_a_refusal_of_the_gateway_is_understood(
    gateway: Gateway, channel: grpc.Channel, method: str, with_key: bool, status: grpc.StatusCode, code: str
) -> None:
    metadata = key_of(gateway) if with_key else []
    with pytest.raises(grpc.RpcError) as refused:
        channel.unary_unary(f"/desk.Desk/{method}")(b"", metadata=metadata, timeout=10)
    assert refused.value.code() == status
    told = {**dict(refused.value.initial_metadata()), **dict(refused.value.trailing_metadata())}
    assert told["yett-code"] == code
    assert gateway.event(told["yett-decision"])["code"] == code

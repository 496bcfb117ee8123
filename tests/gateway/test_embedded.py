"""The gateway in this process, as seen from Python."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.e2e.client import Client
from tests.gateway.fake import fake_native
from tests.native import NATIVE
from yett.access.keys import hash_key, new_key, pepper_id
from yett.errors import GatewayError, ListenError, NativeMissingError, SnapshotRefusedError
from yett.gateway import Applied, Bound, EmbeddedGateway, GatewayOptions, native_available

OPTIONS = GatewayOptions(listen="127.0.0.1:0", pepper=b"p" * 32, access_log=None)


def port_of(bound: Bound) -> int:
    """The port of the one listener."""
    return int(bound.listen[0].rpartition(":")[2])


@pytest.fixture
def gateway() -> Iterator[EmbeddedGateway]:
    with fake_native():
        yield EmbeddedGateway(OPTIONS)


def test_options_become_the_native_gateways_json_and_hide_the_pepper() -> None:
    full = GatewayOptions("0.0.0.0:80", b"p" * 32, 2, "127.0.0.1:81", "-", {"certificate": "a.pem", "key": "a.key"})
    assert json.loads(full.as_json()) == {
        "listen": ["0.0.0.0:80"],
        "pepper": (b"p" * 32).hex(),
        "workers": 2,
        "telemetry": "127.0.0.1:81",
        "access_log": "-",
        "event_capacity": 0,
        "overload": {},
        "cache_bytes": 67108864,
        "tls": {"certificate": "a.pem", "key": "a.key"},
    }
    assert json.loads(OPTIONS.as_json())["access_log"] == "off"
    assert "pppp" not in repr(full)


def test_results_are_typed(gateway: EmbeddedGateway) -> None:
    assert gateway.apply(b"good") == Applied("d", 0)
    assert gateway.events(2) == [{"status": 200}, {"status": 200}]
    assert gateway.stats() == {"requests": 3}
    assert gateway.stop(1.5) == 1


def test_a_refused_snapshot_raises_with_every_mistake(gateway: EmbeddedGateway) -> None:
    with pytest.raises(SnapshotRefusedError) as refusal:
        gateway.apply(b"bad")
    assert [(one.pointer, one.code) for one in refusal.value.diagnostics] == [("/format", "format-unknown")]


def test_an_address_in_use_raises_a_listen_error_that_says_so(gateway: EmbeddedGateway) -> None:
    with pytest.raises(ListenError, match="in use") as refusal:
        gateway.start()
    assert refusal.value.code == "listen-failed"


def test_other_native_errors_keep_their_code() -> None:
    with fake_native(), pytest.raises(GatewayError) as refusal:
        EmbeddedGateway(GatewayOptions(listen="127.0.0.1:1", pepper=b""))
    assert refusal.value.code == "option-invalid"


def test_without_the_native_module_the_error_says_how_to_build_it() -> None:
    with fake_native(present=False):
        assert not native_available()
        with pytest.raises(NativeMissingError) as refusal:
            EmbeddedGateway(OPTIONS)
    assert "make build" in refusal.value.hint


@NATIVE
def test_the_real_gateway_starts_reports_and_stops() -> None:
    gateway = EmbeddedGateway(OPTIONS)
    assert gateway.apply(b'{"apis":[],"format":1}').digest
    (address,) = gateway.start().listen
    assert address.startswith("127.0.0.1:")
    assert gateway.stats()["workers"] > 0
    assert gateway.stop(1) == 0


@NATIVE
def test_the_real_gateway_refuses_a_snapshot_with_its_mistakes() -> None:
    with pytest.raises(SnapshotRefusedError) as refusal:
        EmbeddedGateway(OPTIONS).apply(b'{"apis":[],"format":99}')
    assert refusal.value.diagnostics


@NATIVE
def test_the_real_gateway_gives_its_events_once_and_lets_the_oldest_go() -> None:
    # One worker: which of several hands its events over first is left to chance.
    gateway = EmbeddedGateway(replace(OPTIONS, workers=1, event_capacity=2))
    caller = Client(port_of(gateway.start()))
    assert [caller.get(path).status for path in ("/a", "/b", "/c")] == [503, 503, 503]
    gateway.stop(5)
    assert [event["path"] for event in gateway.events(10)] == ["/b", "/c"]
    assert gateway.events(10) == []


@NATIVE
def test_a_patch_revokes_a_key_in_the_running_gateway_at_once() -> None:
    pepper, key = b"p" * 32, new_key("test")
    snapshot = {
        "format": 1,
        "pepper_id": pepper_id(pepper),
        "apis": [
            {
                "name": "shop",
                "version": "1",
                "base_path": "/",
                "upstream": {"targets": [{"url": "http://127.0.0.1:1"}]},
                "identify": {"api_key": {"header": "x-api-key"}},
                "operations": [{"id": "shop:look", "method": "GET", "path": "/look"}],
            }
        ],
        "apps": [{"name": "app", "team": "team"}],
        "credentials": [{"id": "k", "app": "app", "prefix": key.prefix, "hash": hash_key(key.text, pepper)}],
    }
    gateway = EmbeddedGateway(replace(OPTIONS, pepper=pepper))
    gateway.apply(json.dumps(snapshot).encode())
    caller = Client(port_of(gateway.start()), key.text)
    assert caller.get("/look").status == 403
    revoked = {"sequence": 1, "changes": [{"change": "drop-credential", "id": "k"}]}
    assert gateway.patch(json.dumps(revoked).encode()).sequence == 1
    assert caller.get("/look").status == 401
    gateway.stop(5)

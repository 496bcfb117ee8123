"""The gateway in this process, as seen from Python."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.gateway.fake import fake_native
from tests.native import NATIVE
from yett.errors import GatewayError, ListenError, NativeMissingError, SnapshotRefusedError
from yett.gateway import Applied, EmbeddedGateway, GatewayOptions, native_available

OPTIONS = GatewayOptions(listen="127.0.0.1:0", pepper=b"p" * 32, access_log=None)


@pytest.fixture
def gateway() -> Iterator[EmbeddedGateway]:
    with fake_native():
        yield EmbeddedGateway(OPTIONS)


def test_options_become_the_native_gateways_json_and_hide_the_pepper() -> None:
    full = GatewayOptions("0.0.0.0:80", b"p" * 32, 2, "127.0.0.1:81", "-", ("a.pem", "a.key"))
    assert json.loads(full.as_json()) == {
        "listen": ["0.0.0.0:80"],
        "pepper": (b"p" * 32).hex(),
        "workers": 2,
        "telemetry": "127.0.0.1:81",
        "access_log": "-",
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

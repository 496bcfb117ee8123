"""Client certificates as identity, made by the `openssl` program and shown by Python's `ssl`."""

from __future__ import annotations

import hashlib
import http.client
import json
import shutil
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import shapes
from tests.e2e.authority import Authority
from tests.e2e.gateways import Gateway, running
from tests.e2e.recorder import Recorder

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="`openssl`, which makes these, is missing")


class Scene:
    """Two hosts, each with an authority of its own for its callers."""

    def __init__(self, folder: Path, recorder: Recorder) -> None:
        self.folder, self.recorder = folder / "box", recorder
        self.servers = Authority(folder / "servers")
        self.ours, self.theirs = Authority(folder / "ours", "ours"), Authority(folder / "theirs", "theirs")
        self.pair = self.servers.issue("server", "a.test", "b.test")

    @contextmanager
    def serving(self, keys: dict[str, str], *certificates: dict[str, Any], **api: Any) -> Iterator[Gateway]:
        """Run the small API, whose owner has these certificates."""
        settings = shapes.settings(self.recorder.url, **{"identify": ["certificate"], **api})
        settings["apps"][0]["certificates"] = list(certificates)
        certificate, key = self.pair
        settings["gateway"]["tls"] = {
            "certificate": str(certificate),
            "key": {"file": str(key)},
            "client_certificates": [
                {"ca": str(self.ours.pem), "hosts": ["a.test"], "mode": "optional"},
                {"ca": str(self.theirs.pem), "hosts": ["b.test"], "mode": "optional"},
            ],
        }
        with running(shapes.lay_out(self.folder, settings), keys) as gateway:
            yield gateway

    def get(
        self, gateway: Gateway, pair: tuple[Path, Path] | None, host: str = "a.test", **headers: str
    ) -> tuple[int, str]:
        """Ask with a certificate; status and code."""
        context = ssl.create_default_context(cafile=str(self.servers.pem))
        if pair:
            context.load_cert_chain(*pair)
        with context.wrap_socket(_connect(gateway.port), server_hostname=host) as wrapped:
            connection = http.client.HTTPConnection(host)
            connection.sock = wrapped
            connection.request("GET", "/box/things", headers=headers)
            answer = connection.getresponse()
            body = answer.read()
        return answer.status, json.loads(body).get("code", "")


def _connect(port: int) -> Any:
    import socket

    return socket.create_connection(("127.0.0.1", port), timeout=10)


@pytest.fixture
def scene(tmp_path: Path, recorder: Recorder) -> Scene:
    """A scene in a folder of its own."""
    return Scene(tmp_path, recorder)


INVALID = (401, "credential-invalid")


@pytest.mark.parametrize("mark", ["thumbprint", "subject", "san"])
def test_a_certificate_is_its_apps_by_each_of_its_names(scene: Scene, keys: dict[str, str], mark: str) -> None:
    known, other = scene.ours.issue("known", "known.example"), scene.ours.issue("other", "other.example")
    der = ssl.PEM_cert_to_DER_cert(known[0].read_text())
    named = {"thumbprint": hashlib.sha256(der).hexdigest(), "subject": "CN=known", "san": "dns:known.example"}
    with scene.serving(keys, {mark: named[mark]}) as gateway:
        assert scene.get(gateway, known)[0] == 200
        assert scene.recorder.requests[0].values("yett-app") == ["owner-app"]
        assert scene.get(gateway, other) == INVALID
        assert scene.get(gateway, None) == (401, "credential-missing")
        assert scene.get(gateway, None, **{"client-cert": f":{der.hex()}:"}) == (401, "credential-missing")
        assert len(scene.recorder.requests) == 1


def test_a_name_from_another_authority_opens_nothing_where_it_is_bound(scene: Scene, keys: dict[str, str]) -> None:
    good, double = scene.ours.issue("known"), scene.theirs.issue("known")
    with scene.serving(keys, {"subject": "CN=known", "ca": str(scene.ours.pem)}) as gateway:
        assert scene.get(gateway, good)[0] == 200
        assert scene.get(gateway, double, host="b.test") == INVALID


def test_a_key_is_for_the_holder_of_the_certificate_where_both_are_needed(scene: Scene, keys: dict[str, str]) -> None:
    known = scene.ours.issue("known")
    methods = {"certificate": True, "api-key": None, "combine": "all"}
    with scene.serving(keys, {"subject": "CN=known"}, identify=methods) as gateway:
        assert scene.get(gateway, known, **{"x-api-key": keys["owner"]})[0] == 200
        assert scene.get(gateway, None, **{"x-api-key": keys["owner"]}) == (401, "credential-missing")
        assert scene.get(gateway, known) == (401, "credential-missing")
        assert scene.get(gateway, known, **{"x-api-key": keys["guest"]}) == (401, "credential-disagree")

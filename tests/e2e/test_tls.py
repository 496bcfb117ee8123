"""TLS as the `openssl` program meets it: every knob is proved by a caller that must fail."""

from __future__ import annotations

import http.client
import shutil
import signal
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import shapes
from tests.e2e.authority import Authority
from tests.e2e.gateways import Gateway, eventually, running
from tests.e2e.recorder import Recorder

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="`openssl`, which calls here, is missing")

REQUEST = "GET /box/open HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
OLD_SUITES = ("-cipher", "DEFAULT@SECLEVEL=0")


class Scene:
    """A gateway that proves itself as `a.test` and `b.test`, and what its callers are made of."""

    def __init__(self, folder: Path, recorder: Recorder) -> None:
        self.servers, self.callers = Authority(folder / "servers"), Authority(folder / "callers", "callers")
        self.folder, self.recorder = folder / "box", recorder
        self.pair = self.servers.issue("server", "a.test", "b.test")

    @contextmanager
    def serving(self, keys: dict[str, str], **tls: Any) -> Iterator[Gateway]:
        """Run the small API behind TLS."""
        settings = shapes.settings(self.recorder.url)
        certificate, key = self.pair
        settings["gateway"]["tls"] = {"certificate": str(certificate), "key": {"file": str(key)}, **tls}
        with running(shapes.lay_out(self.folder, settings), keys) as gateway:
            yield gateway

    def call(self, gateway: Gateway, *arguments: str, name: str = "a.test", host: str = "") -> str:
        """What `openssl s_client` gets: the status line, or nothing."""
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{gateway.port}", "-servername", name, "-quiet"]
        command += ["-CAfile", str(self.servers.pem), "-verify_return_error", "-ign_eof", *arguments]
        request = REQUEST.format(host=host or name)
        done = subprocess.run(command, input=request, capture_output=True, text=True, timeout=30, check=False)
        return done.stdout.partition("\n")[0]

    def own(self, pair: tuple[Path, Path]) -> tuple[str, ...]:
        """The arguments of a caller with a certificate."""
        return ("-cert", str(pair[0]), "-key", str(pair[1]))


@pytest.fixture
def scene(tmp_path: Path, recorder: Recorder) -> Scene:
    """A scene in a folder of its own."""
    return Scene(tmp_path, recorder)


GOOD = "HTTP/1.1 200 OK"
MISDIRECTED = "HTTP/1.1 421 Misdirected Request"


def test_versions_older_than_the_oldest_are_refused(scene: Scene, keys: dict[str, str]) -> None:
    with scene.serving(keys) as gateway:
        assert scene.call(gateway, "-tls1_3") == GOOD
        assert scene.call(gateway, "-tls1_2") == GOOD
        assert scene.call(gateway, "-tls1_1", *OLD_SUITES) == ""
        assert scene.call(gateway, "-tls1", *OLD_SUITES) == ""
    with scene.serving(keys, min_version="1.3") as gateway:
        assert scene.call(gateway, "-tls1_3") == GOOD
        assert scene.call(gateway, "-tls1_2") == ""


@pytest.mark.parametrize("suite", ["AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "DHE-RSA-AES128-GCM-SHA256", "NULL"])
def test_suites_without_forward_secrecy_or_authenticated_encryption_are_refused(
    scene: Scene, keys: dict[str, str], suite: str
) -> None:
    with scene.serving(keys) as gateway:
        assert scene.call(gateway, "-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0") == ""


def test_unknown_names_are_refused_where_names_are_strict(scene: Scene, keys: dict[str, str]) -> None:
    with scene.serving(keys, strict_sni=True) as gateway:
        assert scene.call(gateway) == GOOD
        assert scene.call(gateway, name="c.test") == ""
        assert scene.call(gateway, "-noservername") == ""


def test_callers_must_have_a_certificate_that_is_good_now(scene: Scene, keys: dict[str, str]) -> None:
    good, revoked = scene.callers.issue("good"), scene.callers.issue("revoked")
    strange = Authority(scene.folder.parent / "strangers").issue("good")
    scene.callers.revoke(revoked[0])
    lists = scene.folder.parent / "list.pem"
    lists.write_text(scene.callers.list())
    client_certificates = {"ca": str(scene.callers.pem), "crl": [str(lists)], "hosts": ["a.test"]}
    with scene.serving(keys, client_certificates=client_certificates) as gateway:
        for version in ("-tls1_2", "-tls1_3"):
            assert scene.call(gateway, version, *scene.own(good)) == GOOD
            assert scene.call(gateway, version) == ""
            assert scene.call(gateway, version, *scene.own(strange)) == ""
            assert scene.call(gateway, version, *scene.own(revoked)) == ""
        # The way around: shake hands for the host that asks nothing, and request from the one that asks.
        assert scene.call(gateway, name="b.test") == GOOD
        assert scene.call(gateway, name="b.test", host="a.test") == MISDIRECTED
        # A list that has expired tells nothing any more: taken up while the gateway runs, it closes the host.
        lists.write_text(scene.callers.list("-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20200102000000Z"))
        eventually(lambda: "TLS is renewed" in gateway.said() or None, f"no renewal is told: {gateway.said()}")
        assert scene.call(gateway, *scene.own(good)) == ""


def test_a_renewed_certificate_is_taken_up_and_no_request_fails(scene: Scene, keys: dict[str, str]) -> None:
    with scene.serving(keys) as gateway:
        context = ssl.create_default_context(cafile=str(scene.servers.pem))
        context.check_hostname = False
        kept = http.client.HTTPSConnection("127.0.0.1", gateway.port, context=context, timeout=10)
        kept.request("GET", "/box/open")
        assert kept.getresponse().read() is not None
        before = ssl.get_server_certificate(("127.0.0.1", gateway.port))
        scene.servers.issue("server", "a.test", "b.test")

        def renewed() -> bool | None:
            assert scene.call(gateway) == GOOD
            return ssl.get_server_certificate(("127.0.0.1", gateway.port)) != before or None

        eventually(renewed, "the renewed certificate is not shown")
        connection = kept.sock
        kept.request("GET", "/box/open")
        answer = kept.getresponse()
        assert (answer.status, kept.sock) == (200, connection)
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        kept.close()
        scene.pair[0].write_text("nothing")
        eventually(lambda: "certificate-invalid" in gateway.said() or None, "the mistake is not told")
        assert scene.call(gateway) == GOOD
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.wait() == 0


def test_plain_callers_are_sent_to_https_and_challenges_are_shown(
    scene: Scene, keys: dict[str, str], tmp_path: Path
) -> None:
    settings = shapes.settings(scene.recorder.url)
    certificate, key = scene.pair
    webroot = tmp_path / "webroot"
    challenges = webroot / ".well-known" / "acme-challenge"
    challenges.mkdir(parents=True)
    (challenges / "token").write_text("token.thumbprint")
    settings["gateway"] |= {
        "tls": {"certificate": str(certificate), "key": {"file": str(key)}},
        "redirect_http": "127.0.0.1:0",
        "redirect_port": 443,
        "acme_challenges": str(webroot),
    }
    with running(shapes.lay_out(scene.folder, settings), keys) as gateway:
        port = int(gateway.said().rpartition("to HTTPS from http://127.0.0.1:")[2].partition(";")[0])
        plain = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        plain.request("GET", "/box/open?a=1", headers={"host": "a.test"})
        answer = plain.getresponse()
        assert (answer.status, answer.headers["location"]) == (308, "https://a.test/box/open?a=1")
        answer.read()
        for path, expected in (("token", 200), ("..%2f..%2f..%2fbox%2fyett.yaml", 404), ("../../x", 404)):
            plain.request("GET", f"/.well-known/acme-challenge/{path}")
            answer = plain.getresponse()
            assert answer.status == expected, path
            assert answer.read() == b"token.thumbprint" or expected == 404
        assert scene.recorder.requests == []

"""The PROXY protocol as HAProxy writes it."""

from __future__ import annotations

import http.client
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e import shapes
from tests.e2e.gateways import Gateway, running
from tests.e2e.recorder import Recorder

pytestmark = pytest.mark.skipif(shutil.which("haproxy") is None, reason="`haproxy`, the sender, is missing")

CALLER = "127.0.0.2"
CONFIGURATION = """\
defaults
  mode tcp
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend callers
  bind fd@{fd}
  default_backend gateway
backend gateway
  server gateway 127.0.0.1:{port} {options}
"""


@contextmanager
def haproxy(folder: Path, port: int, options: str) -> Iterator[int]:
    """Run HAProxy before a port; the port that it listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        configuration = folder / "haproxy.cfg"
        configuration.write_text(CONFIGURATION.format(fd=listener.fileno(), port=port, options=options))
        command = ["haproxy", "-db", "-f", str(configuration)]
        with (folder / "haproxy.txt").open("wb") as output:
            process = subprocess.Popen(command, pass_fds=[listener.fileno()], stdout=output, stderr=output)
        try:
            yield int(listener.getsockname()[1])
        finally:
            process.kill()
            process.wait()


@contextmanager
def behind_a_proxy(folder: Path, recorder: Recorder, keys: dict[str, str], trusted: str) -> Iterator[Gateway]:
    """Run the small API where each connection must begin with a PROXY header."""
    settings = shapes.settings(recorder.url)
    settings["gateway"]["listen"] = [{"address": "127.0.0.1:0", "proxy_protocol": True}]
    settings["gateway"]["proxy_protocol_from"] = [trusted]
    with running(shapes.lay_out(folder / "box", settings), keys) as gateway:
        yield gateway


def get(port: int) -> int | None:
    """Ask from an address that only a PROXY header can carry on; the status, or nothing."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20, source_address=(CALLER, 0))
    try:
        connection.request("GET", "/box/open")
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (ConnectionError, http.client.HTTPException):
        return None
    finally:
        connection.close()


@pytest.mark.parametrize(
    "options", ["send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c,unique-id", "send-proxy-v2-ssl"]
)
def test_the_caller_is_the_one_that_haproxy_tells(
    tmp_path: Path, recorder: Recorder, keys: dict[str, str], options: str
) -> None:
    with (
        behind_a_proxy(tmp_path, recorder, keys, "127.0.0.1") as gateway,
        haproxy(tmp_path, gateway.port, options) as port,
    ):
        assert get(port) == 200
    (request,) = recorder.requests
    assert request.values("x-forwarded-for") == [CALLER]


def test_a_proxy_that_tells_nothing_is_refused(tmp_path: Path, recorder: Recorder, keys: dict[str, str]) -> None:
    with behind_a_proxy(tmp_path, recorder, keys, "127.0.0.1") as gateway, haproxy(tmp_path, gateway.port, "") as port:
        assert get(port) is None
    assert recorder.requests == []


def test_a_proxy_that_is_not_trusted_is_refused(tmp_path: Path, recorder: Recorder, keys: dict[str, str]) -> None:
    with (
        behind_a_proxy(tmp_path, recorder, keys, "192.0.2.0/24") as gateway,
        haproxy(tmp_path, gateway.port, "send-proxy-v2") as port,
    ):
        assert get(port) is None
    assert recorder.requests == []

"""Slow and greedy callers: slowhttptest as the attacker, many connections at once, and what an idle one costs."""

from __future__ import annotations

import re
import resource
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.e2e import shapes
from tests.e2e.client import Client, read_answer
from tests.e2e.gateways import STANDALONE, Gateway, running
from tests.e2e.recorder import Recorder, answer
from tests.e2e.test_standalone import compile_into, serving

ATTACKER = shutil.which("slowhttptest")
CONNECTIONS = 300
SECONDS = 8
QUICK_S = 2.0
"""What the slowest of a hundred requests of a normal caller may take on a busy machine."""

IDLE_KIB = 32
"""What an idle connection may cost, in KiB of resident memory."""

MODES = {
    "slow-headers": ["-H", "-i", "1"],
    "slow-body": ["-B", "-i", "1", "-s", "200000", "-f", "application/octet-stream", "-t", "POST"],
    "slow-read": ["-X", "-w", "8", "-y", "16", "-n", "1", "-z", "4", "-k", "1"],
    "range": ["-R", "-a", "1", "-b", "500"],
}
CUT = {
    "slow-headers": r'yett_callers_cut_total\{cause="head"\} (\d+)',
    "slow-body": r'yett_refusals_total\{code="request-timeout"\} (\d+)',
    "slow-read": r'yett_callers_cut_total\{cause="untaken"\} (\d+)',
}


def configured(folder: Path, upstream: str, **clients: object) -> Path:
    """Lay out the small API, public, with limits on callers."""
    settings = shapes.settings(upstream, public=True)
    settings["gateway"]["clients"] = clients
    # The attack slows the upstream too, which runs on the same cores: shedding would be right, and is not on trial.
    settings["gateway"]["overload"] = {"mode": "off"}
    return shapes.lay_out(folder, settings)


def metrics(gateway: Gateway) -> str:
    """Return the page of metrics."""
    return Client(gateway.telemetry).get("/metrics").body.decode()


def counted(gateway: Gateway, pattern: str) -> int:
    """Return a metric by a pattern with one group; 0 where it is not there."""
    found = re.search(pattern, metrics(gateway))
    return int(found[1]) if found else 0


@contextmanager
def attacked(port: int, mode: str, path: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run slowhttptest until the block ends."""
    assert ATTACKER is not None
    command = [ATTACKER, *MODES[mode], "-c", str(CONNECTIONS), "-r", str(CONNECTIONS), "-l", str(SECONDS), "-p", "3"]
    process = subprocess.Popen(
        [*command, "-u", f"http://127.0.0.1:{port}{path}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(ATTACKER is None, reason="slowhttptest is not installed: apt-get install slowhttptest")
@pytest.mark.parametrize("mode", MODES)
def test_normal_callers_are_served_while_slow_ones_are_cut(
    mode: str, recorder: Recorder, keys: dict[str, str], tmp_path: Path
) -> None:
    large = answer(200, b"x" * 2_000_000)
    recorder.answering = lambda request: large if request.path.endswith("size=1") else answer()
    limits = {"header_timeout": "2s", "body_timeout": "2s", "idle_timeout": "2s"}
    path = {"slow-body": "/box/files", "slow-read": "/box/things?size=1"}.get(mode, "/box/open")
    with running(configured(tmp_path / "box", recorder.url, **limits), keys) as gateway:
        took: list[float] = []
        with attacked(gateway.port, mode, path) as attacker:
            until = time.monotonic() + SECONDS
            while time.monotonic() < until:
                began = time.monotonic()
                assert Client(gateway.port).get("/box/open").status == 200
                took.append(time.monotonic() - began)
                if attacker.poll() is not None and len(took) > 100:
                    break
        assert len(took) > 20
        assert sorted(took)[len(took) * 99 // 100] < QUICK_S
        if mode in CUT:
            cut = counted(gateway, CUT[mode])
            assert cut >= CONNECTIONS // 3, metrics(gateway)


def room_for(wanted: int) -> int:
    """How many of the connections wanted the limits of the system leave room for, having raised what can be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted + 200 and soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, wanted + 200), hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return min(wanted, soft - 200)


def resident_kib(pid: int) -> int:
    """Return the resident memory of a process in KiB."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1])


def opened(stack: ExitStack, port: int, count: int, head: bytes, part: int = 1) -> list[socket.socket]:
    """Open so many connections, `part` at a time, each of which is served once and stays."""
    connections: list[socket.socket] = []
    while len(connections) < count:
        fresh = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), 20))
            for _ in range(min(part, count - len(connections)))
        ]
        for connection in fresh:
            connection.sendall(head)
        for connection in fresh:
            assert read_answer(connection).status == 200
        connections += fresh
    return connections


@pytest.mark.timeout(240)
def test_ten_thousand_connections_at_once_are_served(
    recorder: Recorder, keys: dict[str, str], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    count = room_for(10_000)
    if count < 1_000:
        pytest.skip(f"the system leaves room for {count} connections only")
    record_property("connections", count)
    limits = {"max_connections": 20_000, "max_connections_per_address": 20_000}
    with running(configured(tmp_path / "box", recorder.url, **limits), keys) as gateway, ExitStack() as stack:
        head = Client(gateway.port).head("GET", "/box/open")
        connections = opened(stack, gateway.port, count, head, 100)
        assert counted(gateway, r"yett_connections (\d+)") >= count
        # Every hundredth asks again: none was forgotten.
        for connection in connections[::100]:
            connection.sendall(head)
            assert read_answer(connection).status == 200


@pytest.mark.skipif(not STANDALONE.exists(), reason="yett-gateway is not built: run `make build`")
def test_an_idle_connection_costs_little(
    recorder: Recorder, keys: dict[str, str], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    folder = tmp_path / "alone"
    pepper = compile_into(folder, shapes.settings(recorder.url, public=True), keys)
    with serving(folder, pepper, keys) as gateway, ExitStack() as stack:
        head = Client(gateway.port).head("GET", "/box/open")
        before = resident_kib(gateway.process.pid)
        opened(stack, gateway.port, 1_000, head)
        after = resident_kib(gateway.process.pid)
        record_property("kib_a_connection", (after - before) / 1_000)
        # Sixteen of these KiB are the two buffers that the HTTP library keeps for each connection.
        assert after - before < IDLE_KIB * 1_000, f"{before} KiB before, {after} KiB with 1,000 idle connections"

"""The fixtures themselves: what is proven with them is worth no more than they are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.client import Client
from tests.e2e.gateways import ROOT, Gateway, eventually
from tests.e2e.recorder import Recorder, answer


def test_the_recorder_keeps_every_byte_and_answers_as_told(recorder: Recorder) -> None:
    recorder.answering = lambda _: answer(418, b"short and stout", "content-type: text/plain")
    head = b"POST /pot?x=1 HTTP/1.1\r\nHost: a\r\nX-Odd:  b \r\ntransfer-encoding: chunked\r\n\r\n"
    found = Client(recorder.port).raw(head + b"3\r\ntea\r\n0\r\n\r\n")
    assert (found.status, found.body) == (418, b"short and stout")
    assert recorder.requests[0].head + b"\r\n" == head
    assert recorder.requests[0].body == b"tea"


def test_a_request_through_the_gateway_reaches_the_recorder(gateway: Gateway, recorder: Recorder) -> None:
    found = gateway.client("owner").get("/box/things/7")
    assert (found.status, found.json) == (200, {"ok": True})
    assert recorder.requests[0].line == "GET /things/7 HTTP/1.1"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_what_a_test_starts_does_not_outlive_a_killed_run(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from tests.e2e.gateways import started; folder = Path(sys.argv[1])\n"
        "with started(['sleep', '600'], folder, {}, folder / 'log') as one: print(one.process.pid, flush=True); input()"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", script, tmp_path], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert run.stdout
    with run:
        child = int(run.stdout.readline())
        run.send_signal(signal.SIGKILL)
    try:
        eventually(lambda: _is_gone(child) or None, f"the process {child} lives on", seconds=5)
    finally:
        if not _is_gone(child):
            os.kill(child, signal.SIGKILL)


def _is_gone(process: int) -> bool:
    """Whether a process has ended; one that nobody has waited for has."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True

"""Starting a subject on its core, waiting until it answers, and stopping it."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.load import Call
from bench.processor import pinned
from bench.tools import Tools

Prepare = Callable[[int, Path], Sequence[str | Path]]
"""Given a port and a folder of its own, writes a subject's files and returns the command that serves on that port."""


class SubjectFailed(Exception):
    """A subject did not start, or does not answer as it should."""


@dataclass
class Running:
    """A process that serves on a port of the loopback address."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    home: Path
    command: Sequence[str | Path] = ()
    encrypted: bool = False

    @property
    def base(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self.encrypted else 'http'}://127.0.0.1:{self.port}"

    def forget_logs(self) -> None:
        """Empty the logs, which are appended to, so that a long run does not fill the disk."""
        for log in self.home.glob("*.log"):
            os.truncate(log, 0)

    def stop(self) -> None:
        """End the process, kindly first."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass
class Stage:
    """Everything that was started, so that it can be stopped whatever happens."""

    tools: Tools
    home: Path
    running: list[Running] = field(default_factory=list)

    def start(
        self,
        name: str,
        core: int,
        prepare: Prepare,
        probe: Call,
        encrypted: bool = False,
        listening: bool = False,
        patience: float = 60,
    ) -> Running:
        """Start a subject and wait until it answers `probe` with 200, or just listens if it speaks no HTTP/1.1.

        Raises `SubjectFailed`.
        """
        home = self.home / name
        home.mkdir(parents=True)
        port = free_port()
        command = prepare(port, home)
        with (home / "stdout.log").open("ab") as out, (home / "stderr.log").open("ab") as err:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdout=out,
                stderr=err,
                cwd=home,
                env=self.tools.environment,
                preexec_fn=pinned(core),
            )
        subject = Running(name, port, process, home, command, encrypted)
        self.running.append(subject)
        _wait(subject, None if listening else probe, time.monotonic() + patience)
        return subject

    def stop(self) -> None:
        """Stop everything, last started first."""
        while self.running:
            self.running.pop().stop()


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def ask(subject: Running, call: Call) -> tuple[int, bytes]:
    """Send one request; return the status and the body."""
    connection = _connection(subject)
    headers = {"Host": "bench.example"}
    if call.key:
        headers["x-api-key"] = call.key
    if call.body:
        headers["Content-Type"] = "application/json"
    try:
        connection.request(call.method, call.path, call.body or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _connection(subject: Running) -> http.client.HTTPConnection:
    if not subject.encrypted:
        return http.client.HTTPConnection("127.0.0.1", subject.port, timeout=5)
    # Its certificate was made for this run by the benchmark itself.
    anybody = ssl.create_default_context()
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", subject.port, timeout=5, context=anybody)


def _listens(subject: Running) -> tuple[int, bytes]:
    socket.create_connection(("127.0.0.1", subject.port), timeout=5).close()
    return 200, b""


def _wait(subject: Running, probe: Call | None, deadline: float) -> None:
    said = "it did not listen"
    while time.monotonic() < deadline and subject.process.poll() is None:
        try:
            status, body = _listens(subject) if probe is None else ask(subject, probe)
        except OSError:
            time.sleep(0.05)
            continue
        if status == 200:
            return
        said = f"it answered {status}: {body[:300].decode(errors='replace')}"
        time.sleep(0.2)
    wrote = (subject.home / "stderr.log").read_text(errors="replace")[-800:]
    raise SubjectFailed(f"{subject.name}: {said}; it wrote to stderr: {wrote or 'nothing'}")

"""Starting a subject on its core, waiting until it answers, and stopping it."""

from __future__ import annotations

import http.client
import os
import socket
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

    def start(self, name: str, core: int, prepare: Prepare, probe: Call, patience: float = 60) -> Running:
        """Start a subject and wait until it answers `probe` with 200. Raises `SubjectFailed`."""
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
        subject = Running(name, port, process, home)
        self.running.append(subject)
        _wait(subject, probe, time.monotonic() + patience)
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


def ask(port: int, call: Call) -> tuple[int, bytes]:
    """Send one request; return the status and the body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
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


def _wait(subject: Running, probe: Call, deadline: float) -> None:
    said = "it did not listen"
    while time.monotonic() < deadline and subject.process.poll() is None:
        try:
            status, body = ask(subject.port, probe)
        except OSError:
            time.sleep(0.05)
            continue
        if status == 200:
            return
        said = f"it answered {status}: {body[:300].decode(errors='replace')}"
        time.sleep(0.2)
    wrote = (subject.home / "stderr.log").read_text(errors="replace")[-800:]
    raise SubjectFailed(f"{subject.name}: {said}; it wrote to stderr: {wrote or 'nothing'}")

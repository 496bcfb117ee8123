"""Real gateways as processes: `yett run` on a folder, and the standalone `yett-gateway` on a snapshot."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tests.e2e.client import Client

ROOT = Path(__file__).resolve().parent.parent.parent
YETT = Path(sys.executable).with_name("yett")
STANDALONE = ROOT / "target" / "release" / "yett-gateway"
PATIENCE = 20.0

_T = TypeVar("_T")


def eventually(look: Callable[[], _T | None], what: str, seconds: float = PATIENCE) -> _T:
    """Return what `look` finds as soon as it finds something; fail saying that `what` did not happen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.01)
    raise AssertionError(f"within {seconds} s: {what}")


@dataclass
class Gateway:
    """A gateway that serves. `output` holds what it writes to its streams, `log` its access log."""

    process: subprocess.Popen[bytes]
    folder: Path
    output: Path
    log: Path
    keys: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    telemetry: int = 0

    def client(self, key: str = "", **settings: Any) -> Client:
        """Return a caller with the key of that name, or without one."""
        return Client(self.port, self.keys[key] if key else "", **settings)

    def events(self) -> list[dict[str, Any]]:
        """Return the whole lines of the access log."""
        lines = self.log.read_text().splitlines(keepends=True) if self.log.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def event(self, decision: str) -> dict[str, Any]:
        """Return the event with a decision id, once it is written."""

        def find() -> dict[str, Any] | None:
            return next((one for one in self.events() if one["decision"] == decision), None)

        return eventually(find, f"no event has the decision {decision}")

    def said(self) -> str:
        """Return what the process has written so far."""
        return self.output.read_text(errors="replace")

    def terminate(self) -> None:
        """Ask the process to end."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float = PATIENCE) -> int:
        """Wait for the end; return the exit code."""
        return self.process.wait(seconds)


# Has Linux end the child with the thread that started it, even where that is killed and can tidy nothing up. A program
# does it, not this process between fork and exec: there, libraries with threads of their own fail now and then.
_BOUND = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []


@contextmanager
def started(
    command: Sequence[str | Path], folder: Path, environment: Mapping[str, str], log: Path
) -> Iterator[Gateway]:
    """Run a gateway until the block ends, without waiting for it to be ready."""
    output = folder / "output.txt"
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [*_BOUND, *command],
            cwd=folder,
            env={**os.environ, **environment},
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    try:
        yield Gateway(process, folder, output, log)
    finally:
        process.kill()
        process.wait()


def find_ports(gateway: Gateway) -> None:
    """Wait until the gateway has said where it listens, and keep the ports."""

    def told() -> str | None:
        assert gateway.process.poll() is None, f"the gateway ended: {gateway.said()}"
        _, _, serving = gateway.said().partition("yett: serving ")
        return serving if "digest" in serving else None

    said = eventually(told, f"the gateway did not say where it listens: {gateway.said()}")
    ports = [int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", said)]
    gateway.port, gateway.telemetry = ports[0], ports[1] if len(ports) > 1 else 0


@contextmanager
def running(folder: Path, keys: Mapping[str, str] | None = None) -> Iterator[Gateway]:
    """Run `yett run FOLDER`, with keys in the environment as NAME_KEY, until the block ends."""
    named = {f"{name.upper()}_KEY": key for name, key in (keys or {}).items()}
    with started([YETT, "run", folder], folder, named, folder / "access.log") as gateway:
        gateway.keys = keys or {}
        find_ports(gateway)
        yield gateway

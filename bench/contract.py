"""How long a real contract takes to become a running plan, and how much memory: `python -m bench.contract [FILE ...]`.

A file may be gzipped. Without one, the contracts under YETT_CORPORA are taken. The time runs from the start of
`yett run` to its first `200` on `/readyz`: the interpreter's start, reading, compiling and applying are all in it.
"""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from bench.subjects import free_port
from bench.tools import ROOT

PATIENCE_S = 60.0


@dataclass(frozen=True)
class Start:
    """One start: seconds until ready, operations served, and the most memory the process has had."""

    seconds: float
    operations: int
    mib: float


class NotReady(Exception):
    """The gateway did not come up; the message says why."""


def main(arguments: list[str]) -> int:
    """Print a table of the contracts; return 1 when one does not come up."""
    contracts = [Path(argument) for argument in arguments] or sorted(_corpora().glob("*.gz"))
    if not contracts:
        print(f"bench: no real contracts at {_corpora()}: name some, or set YETT_CORPORA")
        return 0
    print("| contract | operations | seconds to a running plan | most memory, MiB |\n| --- | --- | --- | --- |")
    for contract in contracts:
        try:
            start = begin(contract)
        except NotReady as error:
            print(f"bench: {contract.name}: {error}", file=sys.stderr)
            return 1
        print(f"| {contract.name} | {start.operations} | {start.seconds:.2f} | {start.mib:.0f} |", flush=True)
    return 0


def begin(contract: Path) -> Start:
    """Start a gateway with a contract and end it again. Raises `NotReady`."""
    with tempfile.TemporaryDirectory(prefix="yett-bench-") as folder:
        listen, telemetry = free_port(), free_port()
        configuration = _lay_out(Path(folder), contract, listen, telemetry)
        began = time.monotonic()
        command = [sys.executable, "-m", "yett.cli", "run", str(configuration)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as gateway:
            try:
                _wait(gateway, f"http://127.0.0.1:{telemetry}/readyz", began + PATIENCE_S)
                seconds, mib = time.monotonic() - began, _most_mib(gateway.pid)
            finally:
                gateway.terminate()
            _, said = gateway.communicate(timeout=PATIENCE_S)
    served = re.search(r"with ([\d,]+) operations", said)
    return Start(seconds, int(served[1].replace(",", "")) if served else 0, mib)


def _corpora() -> Path:
    return Path(os.environ.get("YETT_CORPORA", ROOT.parent / "shared" / "corpora")) / "specs"


def _lay_out(folder: Path, contract: Path, listen: int, telemetry: int) -> Path:
    packed = contract.suffix == ".gz"
    text = gzip.decompress(contract.read_bytes()) if packed else contract.read_bytes()
    name = contract.stem if packed else contract.name
    (folder / name).write_bytes(text)
    configuration = folder / "yett.yaml"
    configuration.write_text(
        "yett: 1\n"
        f"gateway: {{listen: '127.0.0.1:{listen}', telemetry: '127.0.0.1:{telemetry}', access_log: off}}\n"
        "teams: [{name: owners}]\n"
        f"apis: [{{name: real, contract: {name}, upstream: 'http://127.0.0.1:9',\n"
        "  owner: owners, identify: [api-key]}]\n"
    )
    return configuration


def _wait(gateway: subprocess.Popen[str], url: str, deadline: float) -> None:
    while time.monotonic() < deadline:
        if gateway.poll() is not None:
            raise NotReady(f"`yett run` ended: {gateway.stderr.read() if gateway.stderr else ''}")
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.01)
    raise NotReady(f"not ready after {PATIENCE_S:.0f} s")


def _most_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

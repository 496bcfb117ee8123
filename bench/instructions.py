"""Instructions and system calls per request: counts that a busy machine does not change, for before and after a change.

    python -m bench.instructions [--requests 2000] [--keep FOLDER]

needs valgrind and strace (`apt-get install valgrind strace`) and a release build (`make build`). Yett is counted with
every load, nginx beside it with those that nothing guards. Instructions are those of user mode, as
`valgrind --tool=callgrind` counts them; with `--keep` the profiles stay, for `callgrind_annotate`. System calls are
those of `strace -c`. Only the steady state is counted: connections are open, caches are warm.
"""

from __future__ import annotations

import argparse
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import rivals, workload
from bench.load import Call
from bench.subjects import Prepare, Running, Stage, SubjectFailed
from bench.tools import ToolMissing, Tools, gather
from bench.yett import prepare_yett

CONNECTIONS = 16
WARM_UP = 30
"""Rounds over all connections before anything is counted."""


@dataclass(frozen=True)
class Counts:
    """What one request took: instructions in user mode, and system calls by name (requests and answers overlap)."""

    instructions: float
    calls: dict[str, float]

    def row(self, name: str) -> str:
        """Return the counts as a row of a table."""
        kinds = ", ".join(f"{kind} {count:.2f}" for kind, count in self.calls.items() if count >= 0.005)
        return f"| {name} | {self.instructions:,.0f} | {sum(self.calls.values()):.2f} | {kinds} |"


class Talk:
    """Kept connections to a subject; every round sends one request on each and then reads every answer."""

    def __init__(self, port: int, call: Call) -> None:
        self._request = _encode(call)
        self._connections = [socket.create_connection(("127.0.0.1", port), timeout=120) for _ in range(CONNECTIONS)]

    def rounds(self, count: int) -> None:
        """Send `count` requests on each connection. Raises `SubjectFailed` if an answer is not 200."""
        for _ in range(count):
            for connection in self._connections:
                connection.sendall(self._request)
            for connection in self._connections:
                _read_answer(connection)

    def close(self) -> None:
        """Close the connections."""
        for connection in self._connections:
            connection.close()


def _encode(call: Call) -> bytes:
    fields = ["Host: bench.example"]
    if call.key:
        fields.append(f"x-api-key: {call.key}")
    if call.body:
        fields += ["Content-Type: application/json", f"Content-Length: {len(call.body)}"]
    return "\r\n".join([f"{call.method} {call.path} HTTP/1.1", *fields, "", call.body]).encode()


def _read_answer(connection: socket.socket) -> None:
    answer = b""
    while True:
        part = connection.recv(65536)
        answer += part
        head, end, body = answer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if not part or (end and (not head.startswith(b"HTTP/1.1 200") or length is None)):
            raise SubjectFailed(f"the answer is {answer[:200]!r}")
        if end and length is not None and len(body) >= int(length[1]):
            return


def count(stage: Stage, name: str, prepare: Prepare, call: Call, requests: int, keep: Path | None) -> Counts:
    """Count what a subject does for each request, under callgrind first and then, started again, under strace."""
    rounds = max(requests // CONNECTIONS, 1)
    return Counts(
        _instructions(stage, name, prepare, call, rounds, keep), _system_calls(stage, name, prepare, call, rounds)
    )


def _instructions(stage: Stage, name: str, prepare: Prepare, call: Call, rounds: int, keep: Path | None) -> float:
    def under_callgrind(port: int, home: Path) -> Sequence[str | Path]:
        tool = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={home}/profile.%p"]
        return [*tool, *prepare(port, home)]

    subject = stage.start(f"{_plain(name)}-instructions", 0, under_callgrind, call, patience=180)
    talk = Talk(subject.port, call)
    talk.rounds(WARM_UP)
    # Instrumented code is translated anew: that costs time, but is not counted.
    _control(subject, "--instr=on")
    talk.rounds(rounds)
    _control(subject, "--instr=off")
    talk.close()
    subject.stop()
    profile = subject.home / f"profile.{subject.process.pid}"
    if keep is not None:
        shutil.copy(profile, keep / f"{_plain(name)}.callgrind")
    return _total(profile) / (rounds * CONNECTIONS)


def _plain(name: str) -> str:
    return re.sub("[ ,]+", "-", name)


def _control(subject: Running, order: str) -> None:
    subprocess.run(["callgrind_control", order, str(subject.process.pid)], check=True, capture_output=True, timeout=60)


def _total(profile: Path) -> int:
    found = re.search(r"^totals: (\d+)", profile.read_text(errors="replace"), re.MULTILINE)
    if found is None:
        raise SubjectFailed(f"{profile} has no total")
    return int(found[1])


def _system_calls(stage: Stage, name: str, prepare: Prepare, call: Call, rounds: int) -> dict[str, float]:
    subject = stage.start(f"{_plain(name)}-system-calls", 0, prepare, call)
    talk = Talk(subject.port, call)
    talk.rounds(WARM_UP)
    table = subject.home / "strace.table"
    tracer = subprocess.Popen(
        ["strace", "-c", "-f", "-U", "calls,name", "-o", table, "-p", str(subject.process.pid)],
        stderr=subprocess.PIPE,
    )
    try:
        _wait_for_tracer(subject, tracer)
        talk.rounds(rounds)
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(20)
        talk.close()
        subject.stop()
    rows = re.findall(r"^ *(\d+) +(\w+)$", table.read_text(), re.MULTILINE)
    return {kind: int(calls) / (rounds * CONNECTIONS) for calls, kind in rows if kind != "total"}


def _wait_for_tracer(subject: Running, tracer: subprocess.Popen[bytes]) -> None:
    """Wait until every thread of the subject is traced."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and tracer.poll() is None:
        tasks = list(Path(f"/proc/{subject.process.pid}/task").glob("*/status"))
        if all(f"TracerPid:\t{tracer.pid}\n" in task.read_text() for task in tasks):
            return
        time.sleep(0.05)
    raise SubjectFailed("strace does not get hold of the subject")


def measure(tools: Tools, home: Path, requests: int, keep: Path | None) -> None:
    """Count every subject; print the rows of a table as they come."""
    stage = Stage(tools, home)
    looks = workload.plain_calls(workload.SMALL)
    try:
        upstream = stage.start("upstream", 1, _nginx(tools, rivals.nginx_upstream), looks[0])
        prepared = prepare_yett(home, workload.SMALL, upstream.port)

        def proxy(port: int, home: Path) -> str:
            # One process, so that what is started is what is counted.
            return "master_process off;\n" + rivals.nginx(port, upstream.port, home)

        subjects = [(f"yett, {load}", prepared.command(tools), calls[0]) for load, calls in prepared.calls.items()]
        subjects.append(("nginx, plain", _nginx(tools, proxy), looks[0]))
        subjects.append(("nginx, 64 KB", _nginx(tools, proxy), prepared.calls["64 KB"][0]))
        print(
            "| subject | instructions/request | system calls/request | of these |",
            "| --- | --- | --- | --- |",
            sep="\n",
        )
        for name, prepare, call in subjects:
            print(count(stage, name, prepare, call, requests, keep).row(name), flush=True)
    finally:
        stage.stop()


def _nginx(tools: Tools, text: Callable[[int, Path], str]) -> Prepare:
    def prepare(port: int, home: Path) -> Sequence[str | Path]:
        (home / "nginx.conf").write_text(text(port, home))
        return [tools.nginx, "-p", home, "-e", home / "error.log", "-c", home / "nginx.conf"]

    return prepare


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000, help="requests that are counted")
    parser.add_argument("--keep", type=Path, help="folder for the profiles")
    options = parser.parse_args()
    missing = [name for name in ("valgrind", "callgrind_control", "strace") if shutil.which(name) is None]
    if missing:
        print(f"bench: install {' and '.join(missing)}", file=sys.stderr)
        return 1
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        try:
            # The upstream's worker is another user.
            Path(home).chmod(0o755)
            measure(gather(), Path(home), options.requests, options.keep)
        except (ToolMissing, SubjectFailed) as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What must not break: many connections at once, idle ones, and changes of configuration under full load.

Each trial has a gateway of its own and gives one sentence.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from bench.load import CONNECTIONS, SCRIPT, Call, write_calls
from bench.processor import pinned, resident_mib
from bench.subjects import Running, Stage, SubjectFailed
from bench.yett import Prepared

IDLE, CROWD, SWAPS = 1_000, 10_000, 1_000
MOST_IDLE_MIB = 20.0
IDLE_FOR = 3.0
"""Seconds without a request after which connections count as idle."""
SPARE_FILES = 100


def endure(stage: Stage, prepared: Prepared, quick: bool) -> list[str]:
    """Run every trial; return what each found."""
    swaps = SWAPS // 10 if quick else SWAPS
    trials: list[Callable[[Running], str]] = [_idle, _crowd, lambda subject: _swaps(stage, subject, prepared, swaps)]
    call = prepared.calls["plain"][0]
    return [trial(_start(stage, prepared, call, number)) for number, trial in enumerate(trials)]


def _start(stage: Stage, prepared: Prepared, call: Call, number: int) -> Running:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4 * CROWD)), hard))
    return stage.start(f"endurance {number}", 0, prepared.command(stage.tools), call)


def _idle(subject: Running) -> str:
    answered, busy, mib = asyncio.run(_visit(subject, IDLE, IDLE_FOR))
    word = "met" if mib <= MOST_IDLE_MIB and answered == IDLE else "MISSED"
    return (
        f"{word:6} {mib:5.1f} MiB (at most {MOST_IDLE_MIB:.0f}): the whole process with {IDLE:,} connections idle for "
        f"{IDLE_FOR:.0f} s ({busy:.1f} MiB as they were answered)"
    )


def _crowd(subject: Running) -> str:
    crowd = min(CROWD, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE_FILES)
    answered, mib, _ = asyncio.run(_visit(subject, crowd))
    word = "met" if answered == crowd == CROWD else "MISSED"
    return f"{word:6} {answered:,} of {crowd:,} connections at once were answered; the process took {mib:.0f} MiB"


async def _visit(subject: Running, connections: int, idle: float = 0.0) -> tuple[int, float, float]:
    """Open connections, ask once on each when all are open, and keep them.

    Return the answers, the memory when they have come, and the memory after `idle` seconds more.
    """
    gate = asyncio.Semaphore(256)
    visitors = await asyncio.gather(*(_connect(subject.port, gate) for _ in range(connections)))
    answers = await asyncio.gather(*(_ask(reader, writer) for reader, writer in visitors))
    busy = resident_mib(subject.process.pid)
    await asyncio.sleep(idle)
    mib = resident_mib(subject.process.pid)
    for _, writer in visitors:
        writer.close()
    return sum(answers), busy, mib


async def _connect(port: int, gate: asyncio.Semaphore) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with gate:
        return await asyncio.open_connection("127.0.0.1", port)


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"GET /shop-0/resource-0000/plain HTTP/1.1\r\nhost: bench.example\r\n\r\n")
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
    except (OSError, asyncio.IncompleteReadError, TimeoutError):
        return False
    return head.startswith(b"HTTP/1.1 200")


def _swaps(stage: Stage, subject: Running, prepared: Prepared, swaps: int) -> str:
    """Apply a snapshot again and again, of two that differ, while wrk asks as fast as it can."""
    first = prepared.snapshot.read_bytes()
    both = (first, json.dumps(json.loads(first) | {"generation": 1}).encode())
    load = _full_load(stage, subject, prepared)
    began = time.monotonic()
    for turn in range(swaps):
        before = _digest(subject)
        prepared.snapshot.write_bytes(both[1 - turn % 2])
        subject.process.send_signal(signal.SIGHUP)
        _await_change(subject, before)
    seconds = time.monotonic() - began
    load.send_signal(signal.SIGINT)
    out, _ = load.communicate(timeout=30)
    prepared.snapshot.write_bytes(first)
    requests, failed = _report(out)
    word = "met" if requests and not failed else "MISSED"
    return f"{word:6} {failed} of {requests:,} requests failed during {swaps:,} changes in {seconds:.0f} s"


def _full_load(stage: Stage, subject: Running, prepared: Prepared) -> subprocess.Popen[str]:
    script = subject.home / "wrk.lua"
    calls = write_calls(subject.home / "swaps.calls", prepared.calls["plain"])
    script.write_text(SCRIPT)
    command: list[str | Path] = [stage.tools.wrk, "-t1", f"-c{CONNECTIONS}", "-d600s", "-s", script, f"{subject.base}/"]
    return subprocess.Popen(
        [*command, "--", calls], stdout=subprocess.PIPE, text=True, env=stage.tools.environment, preexec_fn=pinned(1)
    )


def _report(text: str) -> tuple[int, int]:
    found = re.search(r'"requests": (\d+), .*"refused": (\d+), "broken": (\d+)', text)
    if found is None:
        raise SubjectFailed(f"wrk said nothing of its requests: {text}")
    return int(found[1]), int(found[2]) + int(found[3])


def _digest(subject: Running) -> str:
    words = [str(word) for word in subject.command]
    telemetry = words[words.index("--telemetry") + 1]
    connection = http.client.HTTPConnection(telemetry, timeout=5)
    try:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
    finally:
        connection.close()
    return next(line for line in text.splitlines() if "digest=" in line)


def _await_change(subject: Running, before: str) -> None:
    deadline = time.monotonic() + 10
    while _digest(subject) == before:
        if time.monotonic() > deadline:
            raise SubjectFailed("a snapshot was not put in force")
        time.sleep(0.001)

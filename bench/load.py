"""The load: wrk on its core, told by a script what to send and asked for one line of JSON at the end."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.processor import cpu_seconds, pinned
from bench.tools import Tools

CONNECTIONS = 64

SCRIPT = """
local requests, turn = {}, 0
init = function(args)
  for line in io.lines(args[1]) do
    local method, path, key, body = line:match("^(%u+)\\t([^\\t]*)\\t([^\\t]*)\\t(.*)$")
    local headers = {["Host"] = "bench.example"}
    if key ~= "" then headers["x-api-key"] = key end
    if body ~= "" then headers["Content-Type"] = "application/json" else body = nil end
    requests[#requests + 1] = wrk.format(method, path, headers, body)
  end
end
request = function()
  turn = turn % #requests + 1
  return requests[turn]
end
done = function(summary, latency)
  local errors = summary.errors
  print(string.format(
    'RESULT {"requests": %d, "seconds": %f, "refused": %d, "broken": %d, "p50_ms": %f, "p99_ms": %f}',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


@dataclass(frozen=True)
class Call:
    """One request that the load repeats."""

    method: str
    path: str
    key: str = ""
    body: str = ""

    def line(self) -> str:
        """Return the call as the script reads it."""
        return f"{self.method}\t{self.path}\t{self.key}\t{self.body}"


@dataclass(frozen=True)
class Sample:
    """What one run of the load found. Times as named; `cpu_us` is the subject's, per request."""

    requests: int
    per_second: float
    cpu_us: float
    busy: float
    p50_ms: float
    p99_ms: float
    refused: int
    broken: int


class LoadFailed(Exception):
    """The load generator itself did not work."""


def write_calls(path: Path, calls: list[Call]) -> Path:
    """Write the calls of a run where the script finds them."""
    path.write_text("".join(call.line() + "\n" for call in calls))
    return path


def measure(tools: Tools, core: int, base: str, calls: Path, seconds: int, pid: int) -> Sample:
    """Send `calls` in turn to a base URL for some seconds, and account the processor time of `pid` to them."""
    script = calls.with_name("wrk.lua")
    script.write_text(SCRIPT)
    command: list[str | Path] = [
        tools.wrk,
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        "-s",
        script,
        f"{base}/",
    ]
    before = cpu_seconds(pid)
    run = subprocess.run(
        [*command, "--", calls],
        capture_output=True,
        text=True,
        env=tools.environment,
        preexec_fn=pinned(core),
        timeout=seconds + 30,
        check=False,
    )
    used = cpu_seconds(pid) - before
    line = next((line for line in run.stdout.splitlines() if line.startswith("RESULT ")), None)
    if run.returncode or line is None:
        raise LoadFailed(f"wrk ended with {run.returncode}: {run.stderr or run.stdout}")
    found = json.loads(line.removeprefix("RESULT "))
    return Sample(
        requests=found["requests"],
        per_second=found["requests"] / found["seconds"],
        cpu_us=used * 1e6 / max(found["requests"], 1),
        busy=used / found["seconds"],
        p50_ms=found["p50_ms"],
        p99_ms=found["p99_ms"],
        refused=found["refused"],
        broken=found["broken"],
    )

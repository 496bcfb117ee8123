"""Load by h2load: over HTTP/2, or at a steady rate whatever the subject does, so that no waiting is hidden."""

from __future__ import annotations

import subprocess
from pathlib import Path
from statistics import median, quantiles

from bench.load import LoadFailed, Sample
from bench.processor import cpu_seconds, pinned
from bench.tools import Tools

CONNECTIONS, STREAMS = 16, 4


def measure_http2(tools: Tools, core: int, url: str, log: Path, seconds: int, pid: int) -> Sample:
    """Ask for `url` over HTTP/2 with prior knowledge, and account the processor time of `pid` to the requests."""
    before = cpu_seconds(pid)
    waits, refused = _drive(tools, core, url, log, seconds, ["-m", str(STREAMS)])
    used = cpu_seconds(pid) - before
    centiles = quantiles(waits, n=100)
    return Sample(
        requests=len(waits),
        per_second=len(waits) / seconds,
        cpu_us=used * 1e6 / len(waits),
        busy=used / seconds,
        p50_ms=centiles[49] / 1e3,
        p99_ms=centiles[98] / 1e3,
        refused=refused,
        broken=0,
    )


def added_p99(
    tools: Tools, core: int, urls: tuple[str, str], log: Path, rounds: int, seconds: int, rate: float
) -> float:
    """Return by how many milliseconds the 99th centile of the first URL is above the second's: the median of rounds."""
    return median(
        _p99(_waits_at_rate(tools, core, urls[0], log, seconds, rate))
        - _p99(_waits_at_rate(tools, core, urls[1], log, seconds, rate))
        for _ in range(rounds)
    )


def _p99(waits: list[int]) -> float:
    return quantiles(waits, n=100)[98] / 1e3


def _waits_at_rate(tools: Tools, core: int, url: str, log: Path, seconds: int, rate: float) -> list[int]:
    """Ask for `url` over HTTP/1.1 `rate` times a second; return the microseconds each answer took.

    Raises `LoadFailed` if anything was refused or the rate could not be kept.
    """
    each = ["--h1", "--rps", f"{rate / CONNECTIONS:.1f}"]
    waits, refused = _drive(tools, core, url, log, seconds, each)
    if refused or len(waits) < 0.9 * rate * seconds:
        raise LoadFailed(f"of {rate * seconds:.0f} requests {len(waits)} were answered and {refused} refused")
    return waits


def _drive(tools: Tools, core: int, url: str, log: Path, seconds: int, options: list[str]) -> tuple[list[int], int]:
    log.unlink(missing_ok=True)
    command: list[str | Path] = [
        *(tools.h2load, "-t1", f"-c{CONNECTIONS}", f"-D{seconds}", f"--log-file={log}"),
        *options,
        url,
    ]
    run = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=tools.environment,
        preexec_fn=pinned(core),
        timeout=seconds + 30,
        check=False,
    )
    rows = [line.split("\t") for line in log.read_text().splitlines()] if log.exists() else []
    if run.returncode or not rows:
        raise LoadFailed(f"h2load ended with {run.returncode}: {run.stderr or run.stdout}")
    good = [int(row[2]) for row in rows if row[1] == "200"]
    return good, len(rows) - len(good)

"""`make bench`: start every subject, load each in turn for several rounds, print a table and keep the figures.

The subject of the moment has core 0 to itself; the load and the upstream share core 1. Rounds are interleaved, so that
whatever disturbs the machine disturbs all alike. BENCH_QUICK=1 runs shorter and proves less.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import rivals, workload
from bench.load import Call, LoadFailed, Sample, measure, write_calls
from bench.processor import describe, resident_mib
from bench.report import Cell, Results, Target, table, verdicts, write
from bench.subjects import Running, Stage, SubjectFailed
from bench.tools import ROOT, ToolMissing, Tools, gather
from bench.yett import Prepared, prepare_yett

SUBJECT_CORE, LOAD_CORE = 0, 1
PLAIN, GUARDED = "plain", "guarded"
BASE = Cell("nginx", PLAIN)
TARGETS = (
    Target(Cell("yett", PLAIN), BASE, 1.4),
    Target(Cell("yett", PLAIN), Cell("envoy", PLAIN), 0.55),
    Target(Cell("yett", GUARDED), BASE, 2.2),
    Target(Cell("yett 10,000 operations", PLAIN), Cell("yett", PLAIN), 1.1),
    Target(Cell("yett 10,000 operations", GUARDED), Cell("yett", GUARDED), 1.1),
    Target(Cell("yett 100,000 keys", GUARDED), Cell("yett", GUARDED), 1.1),
)


@dataclass(frozen=True)
class Bout:
    """A subject and the calls it is loaded with."""

    cell: Cell
    subject: Running
    calls: Path


def main() -> int:
    """Run the benchmark; return 1 when it cannot run or a subject failed, 0 otherwise, targets met or not."""
    if (os.cpu_count() or 1) < 2:
        print("bench: two cores are needed: one for the subject, one for load and upstream", file=sys.stderr)
        return 1
    quick = os.environ.get("BENCH_QUICK", "0") not in ("", "0")
    rounds, seconds = (3, 1) if quick else (7, 3)
    home = Path(tempfile.mkdtemp(prefix="yett-bench-"))
    facts: dict[str, object] = {"machine": describe(), "rounds": rounds, "seconds": seconds}
    try:
        tools = gather()
        stage = Stage(tools, home)
        try:
            bouts = prepare(stage)
            results = run(tools, bouts, rounds, seconds)
            memory = {bout.cell.subject: resident_mib(bout.subject.process.pid) for bout in bouts}
        finally:
            stage.stop()
    except (ToolMissing, SubjectFailed, LoadFailed) as error:
        print(f"bench: {error}\nbench: logs are in {home}", file=sys.stderr)
        return 1
    facts["versions"] = tools.versions()
    publish(results, facts, memory)
    shutil.rmtree(home)
    return 0


def prepare(stage: Stage) -> list[Bout]:
    """Start the upstream and every subject."""
    looks = workload.plain_calls(workload.SMALL)

    def serve(port: int, home: Path) -> list[str | Path]:
        return _nginx(stage.tools, home, rivals.nginx_upstream(port, home))

    upstream = stage.start("upstream", LOAD_CORE, serve, looks[0])
    small = prepare_yett(stage.home, workload.SMALL, upstream.port)
    return [
        *_start_yett(stage, "yett", small, (PLAIN, GUARDED)),
        *_start_rivals(stage, upstream.port, small),
        *_start_yett(
            stage,
            "yett 10,000 operations",
            prepare_yett(stage.home, workload.OPERATIONS, upstream.port),
            (PLAIN, GUARDED),
        ),
        *_start_yett(
            stage, "yett 100,000 keys", prepare_yett(stage.home, workload.MANY_KEYS, upstream.port), (GUARDED,)
        ),
    ]


def _start_yett(stage: Stage, name: str, prepared: Prepared, loads: Sequence[str]) -> list[Bout]:
    subject = stage.start(name, SUBJECT_CORE, prepared.command(stage.tools), prepared.calls[loads[0]][0])
    return [_bout(subject, load, prepared.calls[load]) for load in loads]


def _start_rivals(stage: Stage, upstream: int, small: Prepared) -> list[Bout]:
    tools = stage.tools
    look, order = small.calls[PLAIN], small.calls[GUARDED]

    def haproxy(port: int, home: Path) -> list[str | Path]:
        return [tools.haproxy, "-db", "-f", _written(home / "haproxy.cfg", rivals.haproxy(port, upstream, home))]

    def envoy(port: int, home: Path) -> list[str | Path]:
        return _envoy(tools, home, rivals.envoy(port, upstream, home))

    def envoy_guarded(port: int, home: Path) -> list[str | Path]:
        return _envoy(tools, home, rivals.envoy_guarded(port, upstream, home, small.keys))

    def nginx(port: int, home: Path) -> list[str | Path]:
        return _nginx(tools, home, rivals.nginx(port, upstream, home))

    plain = [
        stage.start("nginx", SUBJECT_CORE, nginx, look[0]),
        stage.start("haproxy", SUBJECT_CORE, haproxy, look[0]),
        stage.start("envoy", SUBJECT_CORE, envoy, look[0]),
    ]
    checked = stage.start("envoy, key + rate + role", SUBJECT_CORE, envoy_guarded, order[0])
    return [
        *(_bout(subject, PLAIN, look) for subject in plain),
        _bout(plain[0], "1 KB POST, unguarded", order),
        _bout(checked, "1 KB POST", order),
    ]


def _bout(subject: Running, load: str, calls: Sequence[Call]) -> Bout:
    path = write_calls(subject.home / f"{load.replace(' ', '-')}.calls", list(calls))
    return Bout(Cell(subject.name, load), subject, path)


def run(tools: Tools, bouts: Sequence[Bout], rounds: int, seconds: int) -> Results:
    """Warm every subject up, then load them in turn."""
    results: Results = {bout.cell: [] for bout in bouts}
    started = time.monotonic()
    for turn in range(rounds + 1):
        for bout in bouts:
            sample = measure(tools, LOAD_CORE, bout.subject.port, bout.calls, seconds, bout.subject.process.pid)
            _check(bout, sample)
            bout.subject.forget_logs()
            if turn:
                results[bout.cell].append(sample)
        name = f"round {turn} of {rounds}" if turn else "warm-up"
        print(f"bench: {name} done after {time.monotonic() - started:.0f} s", flush=True)
    return results


def _check(bout: Bout, sample: Sample) -> None:
    if sample.refused or sample.broken or not sample.requests:
        raise SubjectFailed(
            f"{bout.cell}: of {sample.requests} requests {sample.refused} were not answered with 2xx "
            f"and {sample.broken} broke"
        )


def publish(results: Results, facts: dict[str, object], memory: dict[str, float]) -> None:
    """Print the figures and keep them under `bench/out`."""
    out = ROOT / "bench" / "out"
    text = "\n".join([table(results, BASE, memory), "", *verdicts(results, TARGETS)])
    described = "\n".join(
        f"- {name}: {value}" for kind in ("machine", "versions") for name, value in _pairs(facts[kind])
    )
    write(out / "bench.json", results, facts | {"memory_mib": memory})
    _written(out / "bench.md", f"{text}\n\n{described}\n")
    print(f"\n{described}\n\n{text}\n\nbench: kept in {out.relative_to(ROOT)}/bench.json and bench.md")


def _pairs(value: object) -> list[tuple[str, str]]:
    return list(value.items()) if isinstance(value, dict) else []


def _nginx(tools: Tools, home: Path, text: str) -> list[str | Path]:
    return [tools.nginx, "-p", home, "-e", home / "error.log", "-c", _written(home / "nginx.conf", text)]


def _envoy(tools: Tools, home: Path, text: str) -> list[str | Path]:
    configuration = _written(home / "envoy.json", text)
    return [tools.envoy, "-c", configuration, "--concurrency", "1", "--disable-hot-restart", "-l", "warning"]


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


if __name__ == "__main__":
    sys.exit(main())

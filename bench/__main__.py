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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import rivals, workload
from bench.endurance import endure
from bench.identity import Identity, make_identity
from bench.load import Call, LoadFailed, Sample, measure, write_calls
from bench.processor import describe, resident_mib
from bench.report import Cell, Results, Target, middle, table, verdicts, write
from bench.steady import added_p99, measure_http2
from bench.subjects import Running, Stage, SubjectFailed
from bench.tools import ROOT, ToolMissing, Tools, gather
from bench.yett import Prepared, prepare_yett

SUBJECT_CORE, LOAD_CORE = 0, 1
PLAIN, GUARDED, PAGE, TLS, HTTP2 = "plain", "guarded", "64 KB", "TLS 1.3", "HTTP/2"
BASE = Cell("nginx", PLAIN)
YETT = Cell("yett", PLAIN)
TARGETS = (
    Target(YETT, BASE, 1.15),
    Target(YETT, Cell("envoy", PLAIN), 0.45),
    Target(Cell("yett", GUARDED), BASE, 1.6),
    Target(Cell("yett", PAGE), Cell("nginx", PAGE), 1.2),
    Target(Cell("yett", TLS), Cell("nginx", TLS)),
    Target(Cell("yett", HTTP2), Cell("nginx", HTTP2)),
    Target(Cell("yett 10,000 operations", PLAIN), YETT, 1.1),
    Target(Cell("yett 10,000 operations", GUARDED), Cell("yett", GUARDED), 1.1),
    Target(Cell("yett 100,000 keys", GUARDED), Cell("yett", GUARDED), 1.1),
)
SHARE = 0.7
MOST_ADDED_MS = 1.0


@dataclass(frozen=True)
class Bout:
    """A subject and how it is loaded for some seconds."""

    cell: Cell
    subject: Running
    load: Callable[[int], Sample]


def main() -> int:
    """Run the benchmark; return 1 when it cannot run or a subject failed, 0 otherwise, targets met or not."""
    if (os.cpu_count() or 1) < 2:
        print("bench: two cores are needed: one for the subject, one for load and upstream", file=sys.stderr)
        return 1
    quick = os.environ.get("BENCH_QUICK", "0") not in ("", "0")
    rounds, seconds = (3, 1) if quick else (5, 2)
    home = Path(tempfile.mkdtemp(prefix="yett-bench-"))
    # nginx gives up its privileges, and must still reach the files of the upstream.
    home.chmod(0o711)
    facts: dict[str, object] = {"machine": describe(), "rounds": rounds, "seconds": seconds}
    try:
        tools = gather()
        stage = Stage(tools, home)
        try:
            upstream = start_upstream(stage)
            small = prepare_yett(stage.home, workload.SMALL, upstream.port)
            bouts = prepare(stage, upstream, small)
            results = run(bouts, rounds, seconds)
            memory = {bout.cell.subject: resident_mib(bout.subject.process.pid) for bout in bouts}
            sentences = [*latency(stage, upstream, bouts, results, rounds, seconds), *endure(stage, small, quick)]
        finally:
            stage.stop()
    except (ToolMissing, SubjectFailed, LoadFailed) as error:
        print(f"bench: {error}\nbench: logs are in {home}", file=sys.stderr)
        return 1
    facts["versions"] = tools.versions()
    publish(results, facts, memory, sentences)
    shutil.rmtree(home)
    return 0


def start_upstream(stage: Stage) -> Running:
    """Start what everybody forwards to."""

    def serve(port: int, home: Path) -> list[str | Path]:
        return _nginx(stage.tools, home, rivals.nginx_upstream(port, home))

    return stage.start("upstream", LOAD_CORE, serve, workload.plain_calls(workload.SMALL)[0])


def prepare(stage: Stage, upstream: Running, small: Prepared) -> list[Bout]:
    """Start every subject."""
    many = prepare_yett(stage.home, workload.OPERATIONS, upstream.port)
    keys = prepare_yett(stage.home, workload.MANY_KEYS, upstream.port)
    identity = make_identity(stage.home)
    return [
        *_start_yett(stage, "yett", small, (PLAIN, GUARDED, PAGE)),
        *_start_rivals(stage, upstream.port, small),
        *_start_encrypted(stage, upstream.port, small, identity),
        *_start_multiplexed(stage, upstream.port, small),
        *_start_yett(stage, "yett 10,000 operations", many, (PLAIN, GUARDED)),
        *_start_yett(stage, "yett 100,000 keys", keys, (GUARDED,)),
    ]


def _start_yett(stage: Stage, name: str, prepared: Prepared, loads: Sequence[str]) -> list[Bout]:
    subject = stage.start(name, SUBJECT_CORE, prepared.command(stage.tools), prepared.calls[loads[0]][0])
    return [_bout(stage, subject, load, prepared.calls[load]) for load in loads]


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
        *(_bout(stage, subject, PLAIN, look) for subject in plain),
        _bout(stage, plain[0], PAGE, small.calls[PAGE]),
        _bout(stage, plain[0], "1 KB POST, unguarded", order),
        _bout(stage, checked, "1 KB POST", order),
    ]


def _start_encrypted(stage: Stage, upstream: int, small: Prepared, identity: Identity) -> list[Bout]:
    """The plain load over TLS, connections kept: what the record layer costs, not the handshake."""

    def nginx(port: int, home: Path) -> list[str | Path]:
        return _nginx(stage.tools, home, rivals.nginx(port, upstream, home, identity))

    look = small.calls[PLAIN]
    yett = stage.start("yett-tls", SUBJECT_CORE, small.command(stage.tools, identity), look[0], encrypted=True)
    rival = stage.start("nginx-tls", SUBJECT_CORE, nginx, look[0], encrypted=True)
    bouts = (_bout(stage, yett, TLS, look), _bout(stage, rival, TLS, look))
    return [Bout(Cell(bout.subject.name.partition("-")[0], TLS), bout.subject, bout.load) for bout in bouts]


def _start_multiplexed(stage: Stage, upstream: int, small: Prepared) -> list[Bout]:
    """The plain load over HTTP/2 without TLS."""

    def nginx(port: int, home: Path) -> list[str | Path]:
        return _nginx(stage.tools, home, rivals.nginx(port, upstream, home, http2=True))

    look = small.calls[PLAIN]
    yett = stage.start("yett-h2", SUBJECT_CORE, small.command(stage.tools), look[0])
    rival = stage.start("nginx-h2", SUBJECT_CORE, nginx, look[0], listening=True)
    return [_multiplexed(stage.tools, subject, look[0]) for subject in (yett, rival)]


def _multiplexed(tools: Tools, subject: Running, look: Call) -> Bout:
    url, log, pid = f"{subject.base}{look.path}", subject.home / "waits.tsv", subject.process.pid

    def load(seconds: int) -> Sample:
        return measure_http2(tools, LOAD_CORE, url, log, seconds, pid)

    return Bout(Cell(subject.name.partition("-")[0], HTTP2), subject, load)


def _bout(stage: Stage, subject: Running, load: str, calls: Sequence[Call]) -> Bout:
    path = write_calls(subject.home / f"{load.replace(' ', '-')}.calls", list(calls))
    drive = partial(measure, stage.tools, LOAD_CORE, subject.base, path, pid=subject.process.pid)
    return Bout(Cell(subject.name, load), subject, lambda seconds: drive(seconds=seconds))


def run(bouts: Sequence[Bout], rounds: int, seconds: int) -> Results:
    """Warm every subject up, then load them in turn."""
    results: Results = {bout.cell: [] for bout in bouts}
    started = time.monotonic()
    for turn in range(rounds + 1):
        for bout in bouts:
            sample = bout.load(seconds)
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


def latency(
    stage: Stage, upstream: Running, bouts: Sequence[Bout], results: Results, rounds: int, seconds: int
) -> list[str]:
    """Say how much later the slowest hundredth is answered through Yett than without, at 70 % of what it can do."""
    subject = next(bout.subject for bout in bouts if bout.cell == YETT)
    rate = SHARE * middle(results[YETT], "per_second")
    path = workload.plain_calls(workload.SMALL)[0].path
    urls = (f"{subject.base}{path}", f"{upstream.base}{path}")
    added = added_p99(stage.tools, LOAD_CORE, urls, stage.home / "waits.tsv", rounds, seconds, rate)
    word = "met" if added <= MOST_ADDED_MS else "MISSED"
    return [f"{word:6} {added:5.2f} ms (at most {MOST_ADDED_MS:.2f}): added p99 at {rate:,.0f} requests/s, plain"]


def publish(results: Results, facts: dict[str, object], memory: dict[str, float], sentences: list[str]) -> None:
    """Print the figures and keep them under `bench/out`."""
    out = ROOT / "bench" / "out"
    text = "\n".join([table(results, BASE, memory), "", *verdicts(results, TARGETS), *sentences])
    described = "\n".join(
        f"- {name}: {value}" for kind in ("machine", "versions") for name, value in _pairs(facts[kind])
    )
    write(out / "bench.json", results, facts | {"memory_mib": memory, "sentences": sentences})
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

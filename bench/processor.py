"""Who runs on which core, and how much of it a process used."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def pinned(core: int) -> Callable[[], None]:
    """Return what a new process must call before it becomes another program, to stay on `core`."""

    def pin() -> None:
        os.sched_setaffinity(0, {core})

    return pin


def family(pid: int) -> list[int]:
    """Return `pid` and every process descended from it."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            found.extend(int(child) for child in children.read_text().split())
    return found


def cpu_seconds(pid: int) -> float:
    """Return the processor time, in user and kernel mode, of a process and its descendants since they started."""
    return sum(_ticks(member) for member in family(pid)) / TICKS_PER_SECOND


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process and its descendants, in MiB."""
    pages = sum(int(Path(f"/proc/{member}/statm").read_text().split()[1]) for member in family(pid))
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def _ticks(pid: int) -> int:
    # The program's name stands in brackets and may hold spaces: the numbers start after the last bracket.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def describe() -> dict[str, str]:
    """Return what a reader must know of the machine to compare figures."""
    information = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in information if line.startswith("model name")), "unknown")
    memory = next(line.split()[1] for line in Path("/proc/meminfo").read_text().splitlines() if "MemTotal" in line)
    release = os.uname()
    return {
        "processor": model,
        "cores": str(os.cpu_count()),
        "memory": f"{int(memory) / (1 << 20):.1f} GiB",
        "kernel": f"{release.sysname} {release.release} {release.machine}",
        "load before": f"{os.getloadavg()[0]:.2f}",
    }

"""From samples to what a reader wants: medians, ratios of the same round, and whether the targets are met."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench.load import Sample


@dataclass(frozen=True)
class Cell:
    """A subject under a kind of load."""

    subject: str
    load: str

    def __str__(self) -> str:
        return f"{self.subject}, {self.load}"


@dataclass(frozen=True)
class Target:
    """At most `limit` times the processor time of another cell; without a limit it is only told."""

    cell: Cell
    other: Cell
    limit: float | None = None


Results = dict[Cell, list[Sample]]


def ratio(results: Results, cell: Cell, other: Cell) -> float:
    """Return the median, over the rounds, of one cell's processor time over the other's in the same round."""
    pairs = zip(results[cell], results[other], strict=True)
    return median(sample.cpu_us / reference.cpu_us for sample, reference in pairs)


def table(results: Results, reference: Cell, memory: dict[str, float]) -> str:
    """Return the figures as a Markdown table."""
    lines = [
        f"| subject | load | CPU µs/request (range) | x {reference} | requests/s | busy | p50 ms | p99 ms | MiB |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for cell, samples in results.items():
        costs = [sample.cpu_us for sample in samples]
        lines.append(
            f"| {cell.subject} | {cell.load} | {median(costs):.1f} ({min(costs):.1f}-{max(costs):.1f}) "
            f"| {ratio(results, cell, reference):.2f} | {middle(samples, 'per_second'):,.0f} "
            f"| {middle(samples, 'busy'):.0%} | {middle(samples, 'p50_ms'):.2f} | {middle(samples, 'p99_ms'):.2f} "
            f"| {memory.get(cell.subject, 0):.0f} |"
        )
    return "\n".join(lines)


def verdicts(results: Results, targets: Sequence[Target]) -> list[str]:
    """Return one sentence for each target."""
    return [_verdict(target, ratio(results, target.cell, target.other)) for target in targets]


def _verdict(target: Target, found: float) -> str:
    if target.limit is None:
        return f"found  {found:5.2f}: {target.cell} / {target.other}"
    word = "met" if found <= target.limit else "MISSED"
    return f"{word:6} {found:5.2f} (at most {target.limit:.2f}): {target.cell} / {target.other}"


def write(path: Path, results: Results, facts: dict[str, object]) -> None:
    """Keep everything that was found, as JSON."""
    cells = [
        {"subject": cell.subject, "load": cell.load, "rounds": [asdict(sample) for sample in samples]}
        for cell, samples in results.items()
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**facts, "cells": cells}, indent=2) + "\n")


def middle(samples: Sequence[Sample], name: str) -> float:
    """Return the median of a figure over the rounds."""
    return median(float(getattr(sample, name)) for sample in samples)

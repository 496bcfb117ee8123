"""Reports of runs and tests for pipelines and for people: JUnit's XML, and one page of HTML that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from xml.sax.saxutils import quoteattr

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1c1c1c}
h1{font-size:1.4rem}table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid #ddd;padding:.4rem .6rem;text-align:left;vertical-align:top}
.bar{display:flex;height:1.2rem;border-radius:4px;overflow:hidden;margin:1rem 0;background:#eee}
.ok{background:#2e7d32}.bad{background:#c62828}.off{background:#9e9e9e}
.ok-text{color:#2e7d32}.bad-text{color:#c62828}.off-text{color:#666}
svg{vertical-align:middle}code{font-size:.85em;word-break:break-all}pre{white-space:pre-wrap;background:#f6f6f6;padding:.5rem}
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that was tried: in a group, with how long it took, and why it failed or was not tried."""

    group: str
    name: str
    seconds: float = 0.0
    failure: str = ""
    skipped: str = ""
    detail: str = ""


def junit(title: str, cases: Sequence[Case]) -> str:
    """JUnit's XML: a suite for each group."""
    groups: dict[str, list[Case]] = {}
    for one in cases:
        groups.setdefault(one.group, []).append(one)
    failures, skipped = sum(bool(one.failure) for one in cases), sum(bool(one.skipped) for one in cases)
    head = f'<testsuites name={_attribute(title)} tests="{len(cases)}" failures="{failures}" skipped="{skipped}">'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', head]
    for group, held in groups.items():
        bad, off = sum(bool(one.failure) for one in held), sum(bool(one.skipped) for one in held)
        seconds = sum(one.seconds for one in held)
        counts = f'tests="{len(held)}" failures="{bad}" skipped="{off}" time="{seconds:.3f}"'
        lines.append(f"  <testsuite name={_attribute(group)} {counts}>")
        lines += [line for one in held for line in _case(one)]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _case(one: Case) -> list[str]:
    head = f'    <testcase name={_attribute(one.name)} classname={_attribute(one.group)} time="{one.seconds:.3f}"'
    if one.failure:
        return [
            f"{head}>",
            f"      <failure message={_attribute(one.failure)}>{_text(one.detail)}</failure>",
            "    </testcase>",
        ]
    if one.skipped:
        return [f"{head}>", f"      <skipped message={_attribute(one.skipped)}/>", "    </testcase>"]
    return [f"{head}/>"]


def _printable(text: str) -> str:
    """Text without the characters that XML 1.0 cannot hold."""
    return "".join(
        one
        if one in "\t\n" or (ord(one) >= 32 and ord(one) not in (0xFFFE, 0xFFFF) and not 0xD800 <= ord(one) < 0xE000)
        else "?"
        for one in text
    )


def _attribute(text: str) -> str:
    return quoteattr(_printable(text))


def _text(text: str) -> str:
    return escape(_printable(text), quote=False)


def page(title: str, told: Sequence[str], cases: Sequence[Case]) -> str:
    """One page: a bar of what passed, how long each took, and every failure with how to repeat it."""
    policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>{policy}'
    slowest = max((one.seconds for one in cases), default=0.0) or 1.0
    rows = "".join(_row(one, slowest) for one in cases)
    lines = "".join(f"<p>{escape(one)}</p>" for one in told)
    table = f"<table><tr><th>What</th><th>Time</th><th>Result</th></tr>{rows}</table>"
    return (
        f"{head}<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{lines}{_bar(cases)}{table}</body></html>\n"
    )


def _bar(cases: Sequence[Case]) -> str:
    bad, off = sum(bool(one.failure) for one in cases), sum(bool(one.skipped) for one in cases)
    parts = ((len(cases) - bad - off, "ok", "passed"), (bad, "bad", "failed"), (off, "off", "not tried"))
    spans = "".join(
        f'<span class="{name}" style="flex:{number}" title="{number} {word}"></span>'
        for number, name, word in parts
        if number
    )
    label = f"{len(cases) - bad - off} passed, {bad} failed, {off} not tried"
    return f'<div class="bar" role="img" aria-label="{label}">{spans}</div>'


def _row(one: Case, slowest: float) -> str:
    state, word = ("bad", one.failure) if one.failure else ("off", one.skipped) if one.skipped else ("ok", "passed")
    width = max(1, round(120 * one.seconds / slowest))
    bar = f'<svg width="120" height="8" aria-hidden="true"><rect width="{width}" height="8" fill="currentColor"/></svg>'
    detail = f"<pre>{escape(one.detail)}</pre>" if one.detail and one.failure else ""
    what = f"<small>{escape(one.group)}</small><br>{escape(one.name)}"
    result = f'<td class="{state}-text">{escape(word)}{detail}</td>'
    took = f'<td class="{state}-text">{bar}<br><small>{one.seconds * 1000:.1f} ms</small></td>'
    return f"<tr><td>{what}</td>{took}{result}</tr>"

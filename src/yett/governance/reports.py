"""Findings as somebody wants to see them: JSON, SARIF, JUnit, HTML, annotations. Text in, text out."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from html import escape
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import quoteattr

from yett.governance.rule import SEVERITIES, Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LEVELS: Final[dict[Severity, str]] = {"error": "error", "warn": "warning", "info": "note", "hint": "note"}
_COMMANDS: Final[dict[Severity, str]] = {"error": "error", "warn": "warning", "info": "notice", "hint": "notice"}
_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_STYLE: Final = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: 0.35rem 0.6rem; vertical-align: top; }
tr { border-bottom: 1px solid #8884; } code { font: 0.9em ui-monospace, monospace; }
.error { color: #c62828; } .warn { color: #b26a00; } .info, .hint { color: #1565c0; }
"""


def json_report(findings: Sequence[Finding]) -> str:
    """Everything that was found, as a JSON document."""
    counts = Counter(one.severity for one in findings if not one.waived)
    document = {"counts": {name: counts[name] for name in SEVERITIES}, "findings": [asdict(one) for one in findings]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def sarif_report(findings: Sequence[Finding]) -> str:
    """SARIF 2.1.0, which code hosts show beside the lines."""
    used = sorted({one.rule for one in findings})
    links = {one.rule: one.link for one in findings if one.link}
    rules = [{"id": name, **({"helpUri": links[name]} if name in links else {})} for name in used]
    results: list[dict[str, Any]] = []
    for one in findings:
        place: dict[str, Any] = {"artifactLocation": {"uri": one.file}}
        if one.line:
            place["region"] = {"startLine": one.line}
        logical = [{"fullyQualifiedName": one.pointer or "/"}]
        # SARIF 2.1.0 section 3.35: what was accepted is a suppression.
        waived = {"suppressions": [{"kind": "external", "justification": one.waived}]} if one.waived else {}
        results.append({
            **waived, "ruleId": one.rule, "ruleIndex": used.index(one.rule), "level": _LEVELS[one.severity],
            "message": {"text": one.message}, "locations": [{"physicalLocation": place, "logicalLocations": logical}],
        })  # fmt: skip
    run = {"tool": {"driver": {"name": "yett lint", "rules": rules}}, "results": results}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def junit_report(findings: Sequence[Finding]) -> str:
    """JUnit's XML, which pipelines read: a suite for each file, a case for each finding."""
    by_file: dict[str, list[Finding]] = {}
    findings = [one for one in findings if not one.waived]
    for one in findings:
        by_file.setdefault(one.file, []).append(one)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="yett lint" failures="{len(findings)}">']
    for file, own in by_file.items():
        lines.append(f'  <testsuite name={_attribute(file)} tests="{len(own)}" failures="{len(own)}">')
        for one in own:
            name = _attribute(f"{one.rule} {one.pointer or '/'}")
            text = _attribute(f"{one.severity}: {one.message}")
            lines.append(f'    <testcase name={name} classname={_attribute(file)} line="{one.line}">')
            lines.append(f"      <failure message={text} type={_attribute(one.rule)}/></testcase>")
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _attribute(text: str) -> str:
    """Text as an attribute of XML 1.0, without the characters that XML cannot hold."""
    return quoteattr("".join(one if one in "\t\n" or ord(one) >= 32 else "?" for one in text))


def html_report(findings: Sequence[Finding]) -> str:
    """One page that needs nothing else. Whatever a contract holds is text."""
    counts = Counter(one.severity for one in findings)
    told = ", ".join(f"{counts[name]} {name}" for name in SEVERITIES if counts[name]) or "nothing found"
    rows = "".join(map(_row, findings))
    head = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Findings</title>'
    policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    columns = "<tr><th>Where</th><th>How bad</th><th>What</th><th>Rule</th></tr>"
    body = f"<h1>Findings</h1><p>{told}</p><table>{columns}{rows}</table>"
    return f"{head}{policy}<style>{_STYLE}</style></head><body>{body}</body></html>\n"


def _row(one: Finding) -> str:
    place = f"<code>{escape(one.file)}:{one.line}</code><br><code>{escape(one.pointer)}</code>"
    told = f"waived by {one.waived}" if one.waived else one.hint
    hint = f"<br><small>{escape(told)}</small>" if told else ""
    what = f"{escape(one.message)}{hint}"
    bad = f'<td class="{one.severity}">{one.severity}</td>'
    return f"<tr><td>{place}</td>{bad}<td>{what}</td><td>{escape(one.rule)}</td></tr>"


def github_report(findings: Sequence[Finding]) -> str:
    """Workflow commands that become annotations beside the lines."""
    return "".join(
        f"::{_COMMANDS[one.severity]} file={_property(one.file)},line={max(one.line, 1)},title={_property(one.rule)}"
        f"::{_data(one.message)}\n"
        for one in findings
        if not one.waived
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


REPORTS: Final[dict[str, Callable[[Sequence[Finding]], str]]] = {
    "json": json_report,
    "sarif": sarif_report,
    "junit": junit_report,
    "html": html_report,
    "github": github_report,
}
"""Every report by its name."""

"""The report as Markdown: a changelog for those who call."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from yett.contract.diff.kinds import KINDS
from yett.contract.diff.reports.groups import TITLES, by_severity, summary

if TYPE_CHECKING:
    from yett.contract.diff.change import Comparison

_MARKUP = re.compile(r"([\\`*_{}\[\]<>|])")


def markdown_report(comparison: Comparison) -> str:
    """All changes, with what each means to callers."""
    lines = [
        f"# From {plain(comparison.old_version)} to {plain(comparison.new_version)}",
        "",
        f"{summary(comparison)}.",
    ]
    for severity, by_operation in by_severity(comparison):
        lines += ["", f"## {TITLES[severity]}"]
        for operations, changes in by_operation.items():
            lines += ["", f"### {plain(operations)}", ""]
            lines += [f"- {plain(one.sentence)}{_way(one.way)}. *{KINDS[one.kind].why}*" for one in changes]
    return "\n".join(lines) + "\n"


def _way(way: str) -> str:
    return "" if way == "contract" else f" ({way})"


def plain(text: str) -> str:
    """Text of a contract, which may be hostile, without meaning as Markdown or HTML."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))

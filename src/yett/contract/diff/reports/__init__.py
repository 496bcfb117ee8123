"""A comparison as somebody wants to see it: Markdown, HTML, JSON, SARIF. Text in, text out; nothing is written here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yett.contract.diff.reports.html import html_report
from yett.contract.diff.reports.markdown import markdown_report
from yett.contract.diff.reports.plain import json_report
from yett.contract.diff.reports.sarif import sarif_report

if TYPE_CHECKING:
    from collections.abc import Callable

    from yett.contract.diff.change import Comparison

REPORTS: Final[dict[str, Callable[[Comparison], str]]] = {
    "markdown": markdown_report,
    "html": html_report,
    "json": json_report,
    "sarif": sarif_report,
}
"""Every report by its name."""

__all__ = ["REPORTS"]

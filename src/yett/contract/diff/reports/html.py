"""The report as one HTML page that needs nothing else."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from yett.contract.diff.kinds import KINDS
from yett.contract.diff.reports.groups import TITLES, by_severity, summary

if TYPE_CHECKING:
    from yett.contract.diff.change import Change, Comparison

_STYLE: Final = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h3 { font: 600 0.95rem ui-monospace, monospace; margin: 1.5rem 0 0.25rem; }
li { margin: 0.35rem 0; } .why { opacity: 0.75; }
.breaking { border-left: 4px solid #c62828; } .potential { border-left: 4px solid #ef9a00; }
.safe { border-left: 4px solid #2e7d32; } section { padding-left: 1rem; margin: 2rem 0; }
"""


def html_report(comparison: Comparison) -> str:
    """All changes, with what each means to callers. Whatever the contracts hold is text."""
    title = escape(f"From {comparison.old_version} to {comparison.new_version}")
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><style>{_STYLE}</style></head>',
        f"<body><h1>{title}</h1><p>{escape(summary(comparison))}.</p>",
    ]
    for severity, by_operation in by_severity(comparison):
        parts.append(f'<section class="{severity}"><h2>{TITLES[severity]}</h2>')
        for operations, changes in by_operation.items():
            parts.append(f"<h3>{escape(operations)}</h3><ul>{''.join(map(_item, changes))}</ul>")
        parts.append("</section>")
    return "\n".join([*parts, "</body></html>"]) + "\n"


def _item(change: Change) -> str:
    way = "" if change.way == "contract" else f" ({change.way})"
    return f'<li>{escape(change.sentence)}{way}. <span class="why">{escape(KINDS[change.kind].why)}</span></li>'

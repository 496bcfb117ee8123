"""`yett lint`."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from yett.cli.arguments import Json

if TYPE_CHECKING:
    from yett.services.lint import Finding, Verdict


class Format(StrEnum):
    """How findings are told."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    HTML = "html"
    GITHUB = "github"


class Failing(StrEnum):
    """From which severity on the exit code is 1."""

    ERROR = "error"
    WARN = "warn"
    INFO = "info"
    HINT = "hint"
    NEVER = "never"


def lint(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH", help="Contracts, and configurations with all that they name.")
    ],
    ruleset: Annotated[
        str, typer.Option("--ruleset", "-r", help="A ruleset's name, such as yett:recommended, or its file.")
    ] = "yett:recommended",
    output_format: Annotated[Format, typer.Option("--format", help="How to tell it.")] = Format.TEXT,
    fail_on: Annotated[Failing, typer.Option("--fail-on", help="Exit with 1 from this severity on.")] = Failing.ERROR,
    as_json: Json = False,
) -> None:
    """Hold contracts and configurations against rules."""
    from yett.cli.output import REFUSED, patience, show_diagnostics
    from yett.services.lint import lint_files

    with patience(f"reading {', '.join(paths[:3])}"):
        verdict = lint_files(paths, ruleset, os.environ)
    output_format = Format.JSON if as_json else output_format
    show_diagnostics(verdict.diagnostics)
    if output_format is not Format.TEXT and verdict.is_usable:
        typer.echo(verdict.report(output_format.value), nl=False)
    elif verdict.is_usable:
        _show(verdict)
    if not verdict.is_usable or (fail_on is not Failing.NEVER and verdict.reaches(fail_on.value)):
        raise typer.Exit(REFUSED)


def _show(verdict: Verdict) -> None:
    from collections import Counter

    from yett.cli.output import count_of, screen
    from yett.services.lint import SEVERITIES

    waived = [one for one in verdict.findings if one.waived]
    for finding in verdict.findings:
        if not finding.waived:
            _show_one(finding)
    counts = Counter(one.severity for one in verdict.findings if not one.waived)
    told = ", ".join(f"{counts[name]} {name}" for name in SEVERITIES if counts[name])
    beside = f", {len(waived)} waived" if waived else ""
    screen().print(f"{told or 'nothing found'}{beside} by {count_of(verdict.rules, 'rule')}")


def _show_one(finding: Finding) -> None:
    from rich.text import Text

    from yett.cli.output import screen, visible

    colour = {"error": "red", "warn": "yellow"}.get(finding.severity, "blue")
    line = Text().append(f"{visible(finding.file)}:{finding.line}: ", style="bold")
    line.append(f"{finding.severity}[{visible(finding.rule)}]", style=f"bold {colour}")
    line.append(f" {visible(finding.message)}")
    screen().print(line)
    screen().print(Text(f"        at: {visible(finding.pointer or '/')}", style="dim"))
    if finding.hint:
        screen().print(Text().append("        hint: ", style="cyan").append(visible(finding.hint)))

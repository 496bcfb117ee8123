"""`yett diff`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yett.cli.arguments import Json

if TYPE_CHECKING:
    from yett.services.diff import Change, Difference


class Format(StrEnum):
    """How the comparison is told."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"
    SARIF = "sarif"


class Failing(StrEnum):
    """From which severity on the exit code is 1."""

    BREAKING = "breaking"
    POTENTIAL = "potential"
    SAFE = "safe"
    NEVER = "never"


def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The contract as it was.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The contract as it is to be.")],
    output_format: Annotated[Format, typer.Option("--format", help="How to tell it.")] = Format.TEXT,
    fail_on: Annotated[
        Failing, typer.Option("--fail-on", help="Exit with 1 from this severity on.")
    ] = Failing.BREAKING,
    version: Annotated[
        bool, typer.Option("--version-step", help="Exit with 1 only if the version does not say what has changed.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="Show what breaks nobody too.")] = False,
    as_json: Json = False,
) -> None:
    """Show what changed between contracts, and whom it breaks."""
    from yett.cli.output import REFUSED, patience, show_diagnostics
    from yett.services.diff import compare

    with patience(f"comparing {old} and {new}"):
        found = compare(old, new)
    output_format = Format.JSON if as_json else output_format
    show_diagnostics(found.comparison.diagnostics)
    if not found.is_readable:
        raise typer.Exit(REFUSED)
    if output_format is Format.TEXT:
        _show(found, every=every)
    else:
        typer.echo(found.report(output_format.value), nl=False)
    fails = not found.version.is_enough if version else fail_on is not Failing.NEVER and found.reaches(fail_on.value)
    if fails:
        raise typer.Exit(REFUSED)


def _show(found: Difference, *, every: bool) -> None:
    from rich.text import Text

    from yett.cli.output import screen, visible

    colours = {"breaking": "red", "potential": "yellow", "safe": "green"}
    for title, severity, by_operation in found.groups:
        if severity == "safe" and not every:
            continue
        screen().print(Text(title, style=f"bold {colours[severity]}"))
        for operations, changes in by_operation.items():
            screen().print(Text(f"  {visible(operations)}", style="cyan"))
            for change in changes:
                screen().print(_line(change))
    hidden = found.comparison.counts["safe"] if not every else 0
    screen().print(found.summary + (" (--all shows them too)" if hidden else ""))
    if found.comparison.changes:
        screen().print(visible(found.version.sentence))


def _line(change: Change) -> object:
    from rich.text import Text

    from yett.cli.output import visible

    line = Text(f"    {visible(change.sentence)}")
    if change.way != "contract":
        line.append(f"  {change.way}", style="dim")
    spot = change.new or change.old
    return line.append(f"  {visible(spot.file)}:{spot.line}", style="dim") if spot else line

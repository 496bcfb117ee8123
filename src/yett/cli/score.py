"""`yett score`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yett.cli.arguments import Json

if TYPE_CHECKING:
    from yett.services.score import Scorecard

_MOST_STEPS = 8


def score(
    contract: Annotated[str, typer.Argument(metavar="CONTRACT", help="The contract to look at.")],
    ruleset: Annotated[
        str, typer.Option("--ruleset", "-r", help="A ruleset's name, such as yett:recommended, or its file.")
    ] = "yett:recommended",
    least: Annotated[float, typer.Option("--least", min=0, max=100, help="Exit with 1 below this score.")] = 0,
    picture: Annotated[Path | None, typer.Option("--badge", help="Write the score as an SVG picture.")] = None,
    as_json: Json = False,
) -> None:
    """Say how good a contract is, and what to do next."""
    from dataclasses import asdict

    from yett.cli.output import REFUSED, patience, show_json, told_errors
    from yett.services.score import badge, score_contract

    with told_errors(as_json=as_json), patience(f"reading {contract}"):
        found = score_contract(contract, ruleset)
    if picture is not None:
        picture.write_text(badge(found), encoding="utf-8")
    if as_json:
        show_json({**asdict(found), "grade": found.grade})
    else:
        _show(found)
    if found.score < least:
        raise typer.Exit(REFUSED)


def _show(found: Scorecard) -> None:
    from rich.text import Text

    from yett.cli.output import count_of, screen, visible

    rows = [("all", found.score), *found.dimensions.items()]
    for name, points in rows:
        colour = "green" if points >= 75 else "yellow" if points >= 60 else "red"
        bar = "█" * round(points / 5)
        line = Text(f"{name:<14}{points:>6.1f}  ").append(f"{bar:<20}", style=colour)
        screen().print(line.append(f"  {found.grade}" if name == "all" else ""))
    if found.steps:
        screen().print("\nnext:")
    for step in found.steps[:_MOST_STEPS]:
        line = Text(f"  +{step.gain:<5} ", style="bold").append(visible(step.rule), style="cyan")
        screen().print(line.append(f" in {count_of(step.places, 'place')}: {visible(step.hint)}"))

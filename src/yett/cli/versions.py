"""`yett versions`: versions of APIs, what goes when, and who has to be told."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yett.cli.arguments import DEFAULT_CONFIG, EXIT_CODES, Config, Json

if TYPE_CHECKING:
    from yett.services.access import Scene
    from yett.services.versions import VersionRow

app = typer.Typer(
    name="versions",
    help="List versions, who calls old ones, and what changed.",
    no_args_is_help=True,
)

Logs = Annotated[list[Path] | None, typer.Option("--log", help="Access logs that tell who calls what.")]


@app.command("list", epilog=EXIT_CODES)
def list_(config: Config = DEFAULT_CONFIG, log: Logs = None, as_json: Json = False) -> None:
    """List versions, and with logs, who still calls what goes."""
    from dataclasses import asdict

    from yett.cli.output import show_json, told_errors
    from yett.services.usage import read_usage
    from yett.services.versions import list_versions, still_called

    with told_errors(as_json=as_json):
        scene = _scene(config)
        called = still_called(scene, read_usage([str(path) for path in log or ()]))
    rows = list_versions(scene)
    if as_json:
        show_json({"versions": [asdict(row) for row in rows], "still_called": [asdict(one) for one in called]})
        return
    _show(rows)
    from yett.cli.output import count_of, screen, visible

    for one in called:
        who = f"{visible(one.app)} of {visible(one.team)}" if one.app else "somebody without a credential"
        screen().print(
            f"{who} still calls {visible(one.operation)}: {count_of(one.use.requests, 'request')}, "
            f"last {visible(one.use.last)}"
        )


def _scene(config: str) -> Scene:
    from yett.cli.output import patience
    from yett.services.access import read_scene

    with patience(f"reading {config}"):
        return read_scene(config, os.environ)


def _show(rows: tuple[VersionRow, ...]) -> None:
    from rich.text import Text

    from yett.cli.output import screen, visible

    colours = {"active": "green", "deprecated": "yellow", "brownout": "red", "retired": "red"}
    cells = [(row.of, row.version, row.api, row.placed) for row in rows]
    widths = [max((len(one[column]) for one in cells), default=0) for column in range(4)]
    for row, cell in zip(rows, cells, strict=True):
        line = Text("  ".join(f"{visible(text):<{width}}" for text, width in zip(cell, widths, strict=True)))
        line.append(f"  {row.state}", style=colours[row.state])
        screen().print(line)
        for one in row.going:
            screen().print(
                Text(f"    {visible(one.operation)}: {_told(one.state, one.retirement.sunset_at)}", style="dim")
            )


def _told(state: str, sunset: int | None) -> str:
    from datetime import UTC, datetime

    return state if sunset is None else f"{state}, sunset {datetime.fromtimestamp(sunset, UTC):%Y-%m-%d}"


@app.command(epilog=EXIT_CODES)
def changelog(
    of: Annotated[str, typer.Argument(metavar="NAME", help="What the versions are of.")],
    config: Config = DEFAULT_CONFIG,
    guide: Annotated[
        bool, typer.Option("--guide", help="Only what callers must do to move: a migration guide.")
    ] = False,
) -> None:
    """Write what has changed from version to version, as Markdown."""
    from yett.cli.output import told_errors
    from yett.services.versions import changelog_text, changes_between

    with told_errors():
        steps = changes_between(_scene(config), of)
    typer.echo(changelog_text(of, steps, guide=guide), nl=False)


@app.command(epilog=EXIT_CODES)
def notices(
    log: Annotated[list[Path], typer.Option("--log", help="Access logs that tell who calls what.")],
    config: Config = DEFAULT_CONFIG,
    on: Annotated[str, typer.Option("--on", help="The day, as 2026-12-31; today by default.")] = "",
    as_json: Json = False,
) -> None:
    """Say which teams to tell on a day that what they call goes."""
    from dataclasses import asdict
    from datetime import UTC, date, datetime

    from yett.cli.output import fail, screen, show_json, told_errors, visible
    from yett.services.usage import read_usage
    from yett.services.versions import notices as due

    try:
        day = date.fromisoformat(on) if on else datetime.now(UTC).date()
    except ValueError:
        fail(f"`{on}` is no day", hint="write it as 2026-12-31", code="day-invalid")
    with told_errors(as_json=as_json):
        found = due(_scene(config), read_usage([str(path) for path in log]), day)
    if as_json:
        show_json({"on": day.isoformat(), "notices": [asdict(one) for one in found]})
        return
    for one in found:
        screen().print(f"{visible(one.team)}: {visible(one.app)} calls {visible(one.operation)}: {one.reason}")
        if one.guide:
            screen().print(f"    {visible(one.guide)}")
    if not found:
        screen().print(f"nobody is to be told on {day.isoformat()}")

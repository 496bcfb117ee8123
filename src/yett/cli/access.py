"""`yett access`: who may call what, through what, and what a change would change."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from yett.cli.arguments import DEFAULT_CONFIG, EXIT_CODES, Config, Json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yett.access.spans import Change
    from yett.services.access import AccessOf, Entry, Holder, WhoCan
    from yett.services.access_trial import Trial

app = typer.Typer(help="Who may call what, and why.", no_args_is_help=True, rich_markup_mode=None)


class Format(StrEnum):
    """How a matrix is printed."""

    TABLE = "table"
    MARKDOWN = "markdown"
    CSV = "csv"
    JSON = "json"


@app.command("who-can", epilog=EXIT_CODES, short_help="List who may call an operation.")
def who_can(
    what: Annotated[str, typer.Argument(metavar="OPERATION", help="An operation, `api:operationId`, or a right.")],
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """List who may call an operation or has a console right, now or later, and through which profiles."""
    import os

    from yett.cli.output import patience, show_json, told_errors
    from yett.services import access

    with told_errors(as_json=as_json), patience(f"reading {config}"):
        found = access.who_can(access.read_scene(config, os.environ), what)
    if as_json:
        show_json(
            {
                "what": found.what,
                "public": found.public,
                "holders": [_holder_json(one) for one in found.holders],
                "denied": [_holder_json(one) for one in found.denied],
            }
        )
    else:
        _show_who_can(found)


@app.command("of", epilog=EXIT_CODES, short_help="List what somebody may call.")
def of(
    principal: Annotated[
        str,
        typer.Argument(
            metavar="PRINCIPAL", help="An app, key, user, team or profile; `app:NAME` where several are called so."
        ),
    ],
    config: Config = DEFAULT_CONFIG,
    user: Annotated[str | None, typer.Option("--for", metavar="USER", help="The user an agent acts for.")] = None,
    as_json: Json = False,
) -> None:
    """List all that somebody may call and do, and the profiles that give it or deny it."""
    import os

    from yett.cli.output import patience, show_json, told_errors
    from yett.services import access

    with told_errors(as_json=as_json), patience(f"reading {config}"):
        found = access.access_of_principal(access.read_scene(config, os.environ), principal, acting_for=user)
    if as_json:
        show_json(
            {
                "principal": str(found.principal),
                "for": None if found.acting_for is None else str(found.acting_for),
                "operations": [_entry_json(one) for one in found.operations],
                "rights": [_entry_json(one) for one in found.rights],
                "public": list(found.public),
            }
        )
    else:
        _show_of(found)


@app.command("diff", epilog=EXIT_CODES, short_help="Show who would gain and who would lose what.")
def diff(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="The configuration as it is.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="The configuration as it would be.")],
    as_json: Json = False,
) -> None:
    """Show who would gain and who would lose what: access as it really is, not the text.

    The exit code is 0 when nobody gains or loses anything, and 1 otherwise.
    """
    import os

    from yett.cli.output import REFUSED, patience, show_json, told_errors
    from yett.services import access

    with told_errors(as_json=as_json), patience(f"comparing {before} with {after}"):
        found = access.access_changes(access.read_scene(before, os.environ), access.read_scene(after, os.environ))
    if as_json:
        show_json([_change_json(one) for one in found])
    else:
        _show_changes(found)
    if found:
        raise typer.Exit(REFUSED)


@app.command("matrix", epilog=EXIT_CODES, short_help="Print every caller by every operation.")
def matrix(
    config: Config = DEFAULT_CONFIG,
    style: Annotated[Format, typer.Option("--format", help="How it is printed.")] = Format.TABLE,
    run: Annotated[bool, typer.Option("--run", help="Try every cell on a gateway that is started for it.")] = False,
    verify: Annotated[
        str | None, typer.Option(metavar="URL", help="Try every cell on the gateway at this address.")
    ] = None,
    reach_upstream: Annotated[
        bool, typer.Option("--reach-upstream", help="With --verify: send requests that may reach the upstream too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print every caller by every operation, or hold the matrix against a real gateway.

    With --run or --verify, the exit code is 1 when an answer is not the computed one.
    """
    import os

    from yett.cli.output import REFUSED, patience, show_json, told_errors
    from yett.services import access, access_trial

    if run and verify is not None:
        raise typer.BadParameter("a gateway is started, or one that runs is asked", param_hint="--run, --verify")
    trial = None
    with told_errors(as_json=as_json), patience(f"reading {config}"):
        scene = access.read_scene(config, os.environ)
        if run:
            trial = access_trial.try_on_own_gateway(scene)
        if verify is not None:
            trial = access_trial.try_on_running_gateway(scene, verify, os.environ, reach_upstream=reach_upstream)
    if trial is not None:
        show_json(_trial_json(trial)) if as_json else _show_trial(trial)
        if trial.unlike:
            raise typer.Exit(REFUSED)
        return
    _show_matrix(scene.matrix(), Format.JSON if as_json else style)


def _show_who_can(found: WhoCan) -> None:
    from yett.cli.output import screen, visible

    if found.public:
        screen().print(f"anyone: {visible(found.what)} is public")
    for holder in found.holders:
        spoken = f"{holder.principal}{_when(holder.windows)}{_under(holder.conditions)}"
        screen().print(visible(spoken), style="green")
        for way in holder.grants:
            screen().print(f"    {visible(str(way))}", style="dim")
    for holder in found.denied:
        screen().print(f"{visible(str(holder.principal))} is denied it", style="red")
        for way in holder.denies:
            screen().print(f"    {visible(str(way))}", style="dim")
    if not (found.public or found.holders):
        screen().print("nobody")


def _show_of(found: AccessOf) -> None:
    from yett.cli.output import screen, visible

    name = visible(str(found.principal))
    if found.acting_for is not None:
        name += f" acting for {visible(str(found.acting_for))}"
    screen().print(f"{name} may call:", style="bold")
    for entry in (*found.operations, *found.rights):
        allowed = bool(entry.windows)
        style = "green" if allowed else "red" if entry.verdict.denies else "dim"
        text = (
            f"{entry.what}{_when(entry.windows)}{_under(entry.verdict.conditions)}"
            if allowed
            else f"{entry.what} (denied)"
        )
        screen().print(f"  {visible(text)}", style=style)
        for way in entry.verdict.grants if allowed else entry.verdict.denies:
            screen().print(f"      {visible(str(way))}", style="dim")
    for operation in found.public:
        screen().print(f"  {visible(operation)}: public")


_CHANGES: Final = {"gained": ("green", "+"), "lost": ("red", "-"), "conditioned": ("yellow", "~")}


def _show_changes(found: list[Change]) -> None:
    from yett.cli.output import count_of, screen, visible

    for one in found:
        style, sign = _CHANGES[one.change]
        line = f"{sign} {one.principal} {one.change} {one.what}{_when((one.window,))}"
        screen().print(visible(line), style=style)
        for way in one.through:
            screen().print(f"    {visible(way)}", style="dim")
    screen().print(
        f"{count_of(len(found), 'change')} of effective access" if found else "no change of effective access"
    )


def _show_matrix(found: Any, style: Format) -> None:
    from yett.cli.output import show_json

    match style:
        case Format.TABLE:
            _show_table(found.rows())
        case Format.MARKDOWN:
            typer.echo(found.as_markdown(), nl=False)
        case Format.CSV:
            typer.echo(found.as_csv(), nl=False)
        case Format.JSON:
            cells = [
                {
                    "principal": who,
                    "operation": what,
                    "state": cell.state,
                    "changes_at": cell.changes_at,
                    "conditions": list(cell.conditions),
                }
                for (who, what), cell in found.cells.items()
            ]
            show_json({"principals": list(found.principals), "operations": list(found.operations), "cells": cells})


def _show_table(rows: list[list[str]]) -> None:
    """Columns side by side. Nothing is broken or cut: a pager scrolls what is wider than the terminal."""
    from rich.text import Text

    from yett.cli.output import screen, visible

    table = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for number, row in enumerate(table):
        name, *cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        line = Text(name, style="cyan").append(
            "  ".join(("", *cells)).rstrip(), style="bold" if number == 0 else "none"
        )
        screen().print(line)


def _show_trial(trial: Trial) -> None:
    from yett.cli.output import screen, visible
    from yett.services.access_trial import summary

    for one in trial.unlike:
        computed = "allowed" if one.computed else "refused"
        line = f"{one.principal} {one.operation}: computed {computed}, answered {one.answer}"
        screen().print(visible(line), style="red")
    for line in summary(trial):
        screen().print(line)


def _when(windows: Any) -> str:
    from yett.access.moments import spoken

    spans = [text for one in windows if (text := spoken(one))]
    return f" {', '.join(spans)}" if spans else ""


def _under(conditions: Sequence[str]) -> str:
    """The policies that may refuse it for what a request says."""
    return f" under {', '.join(conditions)}" if conditions else ""


def _holder_json(holder: Holder) -> dict[str, Any]:
    return {
        "principal": str(holder.principal),
        "now": holder.may_now,
        "windows": [_window_json(one) for one in holder.windows],
        "through": [str(one) for one in holder.grants],
        "denied": [str(one) for one in holder.denies],
        "conditions": list(holder.conditions),
    }


def _entry_json(entry: Entry) -> dict[str, Any]:
    return {
        "what": entry.what,
        "windows": [_window_json(one) for one in entry.windows],
        "through": [str(one) for one in entry.verdict.grants],
        "denied": [str(one) for one in entry.verdict.denies],
        "conditions": list(entry.verdict.conditions),
    }


def _change_json(change: Change) -> dict[str, Any]:
    return {
        "principal": change.principal,
        "what": change.what,
        "change": change.change,
        **_window_json(change.window),
        "through": list(change.through),
    }


def _trial_json(trial: Trial) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(trial)


def _window_json(window: Any) -> dict[str, int | None]:
    return {"from": window.since, "until": window.until}

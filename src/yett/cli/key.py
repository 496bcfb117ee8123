"""`yett key`."""

from __future__ import annotations

from typing import Annotated

import typer

from yett.cli import key_changes, key_report
from yett.cli.arguments import DEFAULT_CONFIG, EXIT_CODES, Config, Json

app = typer.Typer(help="Make, rotate, revoke and review API keys.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Make, rotate, revoke and review API keys."""


@app.command(epilog=EXIT_CODES, short_help="Make an API key.")
def new(
    config: Config = DEFAULT_CONFIG,
    env: Annotated[str, typer.Option(help="Marks what the key is for: 1 to 16 of a-z and 0-9.")] = "live",
    app_name: Annotated[str | None, typer.Option("--app", help="The app that will have the key.")] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print the key alone, for `{env: NAME}`; no file is read or made.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make an API key: print it once, and the line that lets the gateway know it.

    The key is hashed under the pepper of the configuration, which is made where there is none yet.
    """
    import os

    from yett.cli.output import demand_configuration, patience, show_json, told_errors
    from yett.services.keys import new_key

    if quiet:
        _print_alone(env, app_name, as_json=as_json)
        return
    with told_errors(as_json=as_json), patience("making a key"):
        demand_configuration(
            config,
            "to make a key for",
            "name the configuration, or `yett key new --quiet` prints a key alone, for `{env: NAME}`",
        )
        made = new_key(config, os.environ, env=env, app=app_name)
    if as_json:
        show_json({"key": made.text, "prefix": made.prefix, "hash": made.hash, "line": made.line})
        return
    typer.echo("The key, shown this once; hand it to whoever runs the app:\n")
    typer.echo(f"  {made.text}\n")
    typer.echo(
        f"The line for the configuration at {config}, under `keys:` of the app{f' `{app_name}`' if app_name else ''}:\n"
    )
    typer.echo(f"  - {made.line}\n")
    typer.echo(f"It is bound to the pepper in the {made.pepper}.")


def _print_alone(env: str, app_name: str | None, *, as_json: bool) -> None:
    from yett.access.keys import new_key
    from yett.cli.output import told_errors

    if app_name is not None or as_json:
        raise typer.BadParameter("prints the key alone: leave out `--app` and `--json`", param_hint="--quiet")
    with told_errors():
        typer.echo(new_key(env).text)


for command, told in (
    (key_changes.rotate, "Make a successor of a key."),
    (key_changes.revoke, "Refuse a key for good, at once."),
    (key_changes.quarantine, "Refuse a key until it is released."),
    (key_changes.release, "Accept a refused key again."),
    (key_report.report, "Show unused, old, ending and blocked keys."),
):
    app.command(epilog=EXIT_CODES, short_help=told)(command)

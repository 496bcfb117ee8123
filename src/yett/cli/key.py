"""`yett key`."""

from __future__ import annotations

from typing import Annotated

import typer

from yett.cli.arguments import DEFAULT_CONFIG, EXIT_CODES, Config, Json

app = typer.Typer(help="Make API keys.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Make API keys."""


@app.command(epilog=EXIT_CODES)
def new(
    config: Config = DEFAULT_CONFIG,
    env: Annotated[str, typer.Option(help="Marks what the key is for: 1 to 16 of a-z and 0-9.")] = "live",
    app_name: Annotated[str | None, typer.Option("--app", help="The app that will have the key.")] = None,
    as_json: Json = False,
) -> None:
    """Make an API key: print it once, and the line that lets the gateway know it.

    The key is hashed under the pepper of the configuration, which is made where there is none yet.
    """
    import os

    from yett.cli.output import patience, show_json, told_errors
    from yett.services.keys import new_key

    with told_errors(as_json=as_json), patience("making a key"):
        made = new_key(config, os.environ, env=env, app=app_name)
    if as_json:
        show_json({"key": made.text, "prefix": made.prefix, "hash": made.hash, "line": made.line})
        return
    typer.echo("The key, shown this once; hand it to whoever runs the app:\n")
    typer.echo(f"  {made.text}\n")
    typer.echo(f"The line for {config}, under `keys:` of the app{f' `{app_name}`' if app_name else ''}:\n")
    typer.echo(f"  - {made.line}\n")
    typer.echo(f"It is bound to the pepper in the {made.pepper}.")

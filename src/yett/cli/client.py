"""`yett client`."""

from __future__ import annotations

from typing import Annotated

import typer

from yett.cli.arguments import DEFAULT_CONFIG, EXIT_CODES, Config, Json

app = typer.Typer(help="Make secrets for clients of the token endpoint.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Make secrets for clients of the token endpoint."""


@app.command(epilog=EXIT_CODES, short_help="Make a client secret.")
def new(
    config: Config = DEFAULT_CONFIG,
    env: Annotated[str, typer.Option(help="Marks what the secret is for: 1 to 16 of a-z and 0-9.")] = "live",
    app_name: Annotated[str | None, typer.Option("--app", help="The app that will have the client.")] = None,
    as_json: Json = False,
) -> None:
    """Make a client secret: print it once, and the line that lets the token endpoint know it.

    The secret is hashed under the pepper of the configuration, which is made where there is none yet.
    """
    import os

    from yett.cli.output import demand_configuration, patience, show_json, told_errors
    from yett.services.clients import new_secret

    with told_errors(as_json=as_json), patience("making a secret"):
        demand_configuration(config, "to make a secret for", "name the configuration")
        made = new_secret(config, os.environ, env=env, app=app_name)
    if as_json:
        show_json({"secret": made.text, "hash": made.hash, "line": made.line})
        return
    typer.echo("The secret, shown this once; hand it to whoever runs the app:\n")
    typer.echo(f"  {made.text}\n")
    typer.echo(f"The line for the configuration at {config}, under `secrets:` of a client of the app:\n")
    typer.echo(f"  - {made.line}\n")
    typer.echo(f"It is bound to the pepper in the {made.pepper}.")

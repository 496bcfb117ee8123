"""`yett password`."""

from __future__ import annotations

import typer

from yett.cli.arguments import EXIT_CODES

app = typer.Typer(help="Hash passwords.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Hash passwords."""


@app.command("hash", epilog=EXIT_CODES, short_help="Read a password and print its hash.")
def hash_() -> None:
    """Read a password and print its argon2id hash, for `passwords:` of an app.

    At a terminal it is asked for twice and not shown; otherwise it is the first line of standard input.
    """
    import sys

    from yett.access.passwords import hash_password
    from yett.cli.output import told_errors

    with told_errors():
        if sys.stdin.isatty():
            password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        else:
            password = sys.stdin.readline().removesuffix("\n").removesuffix("\r")
        typer.echo(hash_password(password))

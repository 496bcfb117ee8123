"""The side door: `yett`. One file per command group; each calls a service and shows what it returns.

Nothing here reads a configuration, a contract or a store itself. Command modules import late: `--help` is instant.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import Annotated, Final, NoReturn

import typer

from yett.cli import (
    access,
    bundle,
    catalogue,
    check,
    client,
    collection_run,
    contract_test,
    control,
    diff,
    exempt,
    explain,
    gate,
    infer,
    key,
    lint,
    mock,
    new,
    overlay,
    password,
    routes,
    run,
    schema,
    score,
    tokens,
    versions,
)
from yett.cli import compile as compiling
from yett.cli.arguments import EXIT_CODES

VERSION: Final = "0.1.0"

app = typer.Typer(
    name="yett",
    help="API management with the security built in: an API contract becomes a protected, running API.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    run.run,
    check.check,
    explain.explain,
    exempt.exempt,
    routes.routes,
    diff.diff,
    lint.lint,
    score.score,
    gate.gate,
    gate.publish,
    mock.mock,
    catalogue.catalogue,
    schema.schema,
):
    app.command(epilog=EXIT_CODES)(command)
app.command(epilog=EXIT_CODES)(bundle.bundle)
app.command(epilog=EXIT_CODES)(overlay.overlay)
app.command(epilog=EXIT_CODES)(infer.infer)
app.command("test", epilog=EXIT_CODES)(contract_test.try_contract)
app.command("compile", epilog=EXIT_CODES)(compiling.compile_)
app.add_typer(key.app, name="key")
app.add_typer(password.app, name="password")
app.add_typer(client.app, name="client")
app.add_typer(control.app, name="control")
app.add_typer(tokens.app, name="tokens")
app.add_typer(access.app, name="access")
app.add_typer(new.app, name="new")
app.add_typer(collection_run.commands, name="collection")
app.add_typer(versions.app, name="versions")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"yett {VERSION}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """API management with the security built in: an API contract becomes a protected, running API."""


def main() -> None:
    """Run the command line. The entry point of the package."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that knows only ASCII gets escapes, never an exception.
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except OSError as error:
        _give_up(error)


def _give_up(error: OSError) -> NoReturn:
    """Leave with exit code 1 because output cannot be written: quietly where its reader has left."""
    if not isinstance(error, BrokenPipeError):
        with suppress(OSError):
            sys.stderr.write(f"error: cannot write the output: {(error.strerror or str(error)).lower()}\n")
    # Keep the interpreter from flushing into nowhere.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(1)

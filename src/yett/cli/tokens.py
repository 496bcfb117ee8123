"""`yett tokens`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from yett.cli.arguments import EXIT_CODES, Json

app = typer.Typer(help="Look after the token endpoint.", no_args_is_help=True)
key = typer.Typer(help="Make keys that tokens are signed with.", no_args_is_help=True)
app.add_typer(key, name="key")


@key.callback()
def root() -> None:
    """Make keys that tokens are signed with."""


@key.command(epilog=EXIT_CODES, short_help="Make a private key.")
def new(
    path: Annotated[str, typer.Argument(metavar="FILE", help="The file to make; one that is there is kept.")],
    kind: Annotated[Literal["ES256", "EdDSA"], typer.Option(help="Algorithm of the key.")] = "ES256",
    as_json: Json = False,
) -> None:
    """Make a private key in a file that only its owner can read, for `keys` of `tokens`.

    The first key of the list signs, all are published. To rotate: add the new one at the end; when verifiers have had
    time to read it, put it first; when the last token of the old one has expired, take the old one out.
    """
    from yett.cli.output import show_json, told_errors
    from yett.services.clients import new_key_file

    with told_errors(as_json=as_json):
        kid = new_key_file(path, kind)
    if as_json:
        show_json({"file": path, "kid": kid, "alg": kind})
        return
    typer.echo(f"A key for {kind} is in {path}; its kid is {kid}.")
    typer.echo(f"The entry for `keys:` of `tokens`:\n\n  - {{file: {path}}}")

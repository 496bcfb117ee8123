"""`yett new`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from yett.cli.arguments import EXIT_CODES

app = typer.Typer(help="Begin something new.", no_args_is_help=True)

_KINDS = "string, text, integer, number, boolean, date, date-time, email, uri, uuid, or choices such as open|closed"


class Scheme(StrEnum):
    """How callers of a new API prove themselves."""

    API_KEY = "api-key"
    BEARER = "bearer"


@app.callback()
def root() -> None:
    """Begin something new."""


@app.command("api", epilog=EXIT_CODES)
def api(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="What it is called: book-shop.")] = None,
    resources: Annotated[
        list[str] | None,
        typer.Option("--resource", metavar="SPEC", help="What it keeps: book:title:string,price:number?,tags:string[]"),
    ] = None,
    folder: Annotated[Path, typer.Option("--folder", help="Where to write the files.")] = Path(),
    owner: Annotated[str, typer.Option("--owner", help="The team that answers for it.")] = "",
    server: Annotated[str, typer.Option("--server", help="The address that callers use.")] = "",
    upstream: Annotated[str, typer.Option("--upstream", help="Where the API itself runs.")] = "http://127.0.0.1:9000",
    version: Annotated[str, typer.Option("--api-version", help="The contract's first version.")] = "1.0.0",
    scheme: Annotated[Scheme, typer.Option("--scheme", help="How callers prove themselves.")] = Scheme.API_KEY,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
) -> None:
    """Write the contract of a new API, and a configuration to run it.

    A resource is `name:property:kind,...`; a `?` behind a kind means that the property may be left out, `[]` a list of
    them; `person/people:...` says an irregular plural. On a terminal, what is not said is asked for.
    """
    from yett.cli.output import screen, told_errors, visible
    from yett.services.new_api import Plan, write_api

    name, wanted = _asked(name, resources or [])
    with told_errors():
        plan = Plan(name, wanted, folder, owner, server, upstream, version, scheme.value, force)
        made = write_api(plan)
    screen().print(f"{visible(str(made.contract))}: {made.operations} operations")
    screen().print(f"{visible(str(made.settings))}: a configuration for the gateway")
    screen().print(f"\nnext: yett mock {visible(str(made.contract))}")


def is_terminal() -> bool:
    """Whether somebody is there to answer questions."""
    import sys

    return sys.stdin.isatty() and sys.stdout.isatty()


def _asked(name: str | None, resources: list[str]) -> tuple[str, list[str]]:
    """The name and the resources: as given, or as somebody answers."""
    if name is None and not is_terminal():
        raise typer.BadParameter("say what the API is called", param_hint="NAME")
    if (name is not None and resources) or not is_terminal():
        return name or "", resources
    name = name or typer.prompt("What is the API called (lower case with hyphens)?")
    return name, resources or _asked_resources()


def _asked_resources() -> list[str]:
    from yett.services.new_api import DEFAULT, ResourceError, read_resource

    typer.echo(f"What does it keep? Properties are name:kind, with commas; kinds are {_KINDS}.")
    found: list[str] = []
    while noun := typer.prompt("A resource, such as book (nothing: that is all)", default="", show_default=False):
        held = typer.prompt(f"What a {noun} holds", default=DEFAULT)
        try:
            read_resource(f"{noun}:{held}")
        except ResourceError as error:
            typer.echo(f"{error}: {error.hint}")
            continue
        found.append(f"{noun}:{held}")
    return found

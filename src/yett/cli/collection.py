"""`yett collection`: saved requests, from and to the files of other programs, and run."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yett.cli.arguments import EXIT_CODES, Force, Json, Output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yett.collections import Collection
    from yett.model.diagnostic import Diagnostic

app = typer.Typer(
    help="Collections of requests: import, export, run, search.", no_args_is_help=True, rich_markup_mode=None
)


class Form(StrEnum):
    """The formats."""

    YETT = "yett"
    POSTMAN = "postman"
    OPENAPI = "openapi"
    HAR = "har"
    BRUNO = "bruno"
    INSOMNIA = "insomnia"
    OPENCOLLECTION = "opencollection"


File = Annotated[Path, typer.Argument(metavar="FILE", help="A collection: a file, or a folder of Bruno's.")]
Read = Annotated[Form | None, typer.Option("--format", help="What it is. Absent: as it looks.")]


@app.command("import", epilog=EXIT_CODES)
def import_(file: File, output: Output = None, form: Read = None, force: Force = False, as_json: Json = False) -> None:
    """Make our own file (*.collection.yaml) of another program's.

    Whatever cannot be kept is told, and secrets in the clear become references to the environment. Scripts are kept and
    listed; those that only check become assertions.
    """
    from yett.cli.output import told_errors
    from yett.services.collections import collection_text, count_scripts, demand, read_collection, write_collection

    with told_errors(as_json=as_json):
        read = read_collection(file, form.value if form else "")
        collection = demand(read)
        if output is not None:
            write_collection(collection, "yett", output, force=force)
        elif not as_json:
            typer.echo(collection_text(collection, "yett")[0], nl=False)
    _tell(read.diagnostics, as_json=as_json, **_counts(collection), scripts=count_scripts(collection))


@app.command("export", epilog=EXIT_CODES)
def export(
    file: File,
    to: Annotated[Form, typer.Option("--to", help="The format.")],
    output: Output = None,
    form: Read = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Make another program's file of a collection. What its format has no place for is told."""
    from yett.cli.output import told_errors
    from yett.services.collections import WRITTEN, collection_text, demand, read_collection, write_collection

    if to.value not in WRITTEN:
        raise typer.BadParameter(f"{to.value} is only read", param_hint="--to")
    with told_errors(as_json=as_json):
        read = read_collection(file, form.value if form else "")
        collection = demand(read)
        if output is None:
            text, lost = collection_text(collection, to.value)
            if not as_json:
                typer.echo(text, nl=False)
        else:
            lost = write_collection(collection, to.value, output, force=force).diagnostics
    _tell((*read.diagnostics, *lost), as_json=as_json, **_counts(collection))


@app.command("generate", epilog=EXIT_CODES)
def generate(
    sources: Annotated[list[Path], typer.Argument(metavar="CONTRACT|HAR", help="Contracts, or one recording.")],
    output: Output = None,
    name: Annotated[str, typer.Option("--name", help="What to call it.")] = "",
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Make a collection from contracts or a recording.

    Of a contract, a request for each operation; of a recording (HAR), one for each call.
    """
    from dataclasses import replace

    from yett.cli.output import told_errors
    from yett.services.collections import collection_text, demand, generated, read_collection, write_collection

    with told_errors(as_json=as_json):
        is_recording = len(sources) == 1 and sources[0].suffix == ".har"
        read = read_collection(sources[0], "har") if is_recording else generated(sources, name)
        collection = demand(read)
        collection = replace(collection, name=name) if name else collection
        if output is not None:
            write_collection(collection, "yett", output, force=force)
        elif not as_json:
            typer.echo(collection_text(collection, "yett")[0], nl=False)
    _tell(read.diagnostics, as_json=as_json, **_counts(collection))


@app.command("list", epilog=EXIT_CODES)
def list_(file: File, form: Read = None, as_json: Json = False) -> None:
    """List what is in a collection.

    Requests, environments, and the scripts that no run runs.
    """
    from yett.cli.output import screen, show_json, told_errors, visible
    from yett.collections.model import scripts_of, steps_of
    from yett.services.collections import demand, read_collection

    with told_errors(as_json=as_json):
        collection = demand(read_collection(file, form.value if form else ""))
    scripts = [(title, one) for title, one in scripts_of(collection)]
    if as_json:
        show_json(_listed(collection))
        return
    screen().print(f"{visible(collection.name)}\n")
    for step in steps_of(collection):
        checks = f"  ({len(step.request.assertions)} assertions)" if step.request.assertions else ""
        screen().print(f"  {step.request.method:7} {visible(step.title)}{checks}")
    for one in collection.environments:
        screen().print(f"  environment {visible(one.name)}: {', '.join(visible(held.name) for held in one.variables)}")
    for title, script in scripts:
        size = len(script.text.splitlines())
        screen().print(f"  script of {visible(title)}, for {script.when} the answer: {size} lines, kept and not run")


@app.command("search", epilog=EXIT_CODES)
def search(
    words: Annotated[list[str], typer.Argument(help="Words that must all be found.")],
    within: Annotated[
        list[Path] | None, typer.Option("--in", help="A collection, or a folder of them. Absent: the folder one is in.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Find requests by words.

    They are looked for in names, addresses, notes, tags, parameters and bodies.
    """
    from yett.cli.output import screen, show_json, told_errors, visible
    from yett.services.collections import collection_files, search_collections

    with told_errors(as_json=as_json):
        paths = [file for one in within or [Path()] for file in (collection_files(one) if one.is_dir() else [one])]
        found = list(search_collections(paths, words))
    if as_json:
        show_json([{"file": one.file, "title": one.step.title, **_step_json(one.step.request)} for one in found])
        return
    for one in found:
        screen().print(f"{visible(one.file)}: {one.step.request.method} {visible(one.step.title)}")
    if not found:
        screen(error=True).print("nothing found")
        raise typer.Exit(1)


def _step_json(request: Any) -> dict[str, Any]:
    return {"method": request.method, "url": request.url, "operation": request.operation, "tags": list(request.tags)}


def _listed(collection: Collection) -> dict[str, Any]:
    from yett.collections.model import scripts_of, steps_of

    return {
        "name": collection.name,
        "requests": [
            {"title": one.title, **_step_json(one.request), "assertions": len(one.request.assertions)}
            for one in steps_of(collection)
        ],
        "variables": [one.name for one in collection.variables],
        "environments": [one.name for one in collection.environments],
        "scripts": [
            {"title": title, "when": one.when, "lines": len(one.text.splitlines())}
            for title, one in scripts_of(collection)
        ],
    }


def _counts(collection: Collection) -> dict[str, int]:
    from yett.collections.model import steps_of

    return {"requests": sum(1 for _ in steps_of(collection)), "environments": len(collection.environments)}


def _tell(diagnostics: Sequence[Diagnostic], *, as_json: bool, **counts: int) -> None:
    """Tell what was read or written and what was not, without lines of the file: a secret may stand in any of them."""
    from rich.text import Text

    from yett.cli.output import count_of, diagnostics_json, screen, show_json, visible

    if as_json:
        show_json({**counts, "diagnostics": diagnostics_json(diagnostics)})
        return
    for one in diagnostics:
        line = Text().append(f"{visible(one.place)}: ", style="bold")
        line.append(f"{one.severity}[{one.code}]", style="bold red" if one.severity == "error" else "bold yellow")
        screen(error=True).print(line.append(f" {visible(one.message)}"))
        if one.pointer:
            screen(error=True).print(Text(f"        at: {visible(one.pointer)}", style="dim"))
        if one.hint:
            screen(error=True).print(Text().append("        hint: ", style="cyan").append(visible(one.hint)))
    told = ", ".join(count_of(number, name.removesuffix("s")) for name, number in counts.items() if number)
    screen(error=True).print(
        f"{told or 'nothing'}; {count_of(len(diagnostics), 'note')} on what was not kept as it was"
    )

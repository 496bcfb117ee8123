"""`yett catalogue`."""

from __future__ import annotations

from typing import Annotated

import typer

from yett.cli.arguments import DEFAULT_CONFIG, Json


def catalogue(
    words: Annotated[list[str] | None, typer.Argument(metavar="WORDS", help="Words that must all be found.")] = None,
    config: Annotated[str, typer.Option("--config", help="The configuration.")] = DEFAULT_CONFIG,
    path: Annotated[str, typer.Option("--path", help="A part of the path, or a pattern with *.")] = "",
    named: Annotated[str, typer.Option("--field", help="A parameter or property: isbn, items.price, *_id.")] = "",
    owner: Annotated[str, typer.Option("--owner", help="The team that owns the API.")] = "",
    as_json: Json = False,
) -> None:
    """Search operations by words, path, field or owner.

    Words are looked for in names, paths, summaries, tags, fields, owners, collections and saved requests.
    """
    import os
    from dataclasses import asdict

    from yett.cli.output import REFUSED, count_of, patience, screen, show_diagnostics, show_json, told_errors, visible
    from yett.model.diagnostic import has_errors
    from yett.services.assembly import ABSENT_SECRETS
    from yett.services.catalogue import Wanted, look_up, told

    wanted = Wanted(tuple(words or ()), path, named, owner)
    with told_errors(as_json=as_json), patience(f"reading {config}"):
        found = look_up(config, os.environ, wanted)
    diagnostics = [one for one in found.diagnostics if one.code not in ABSENT_SECRETS]
    if as_json:
        show_json([asdict(one) for one in found.entries])
    else:
        show_diagnostics([one for one in diagnostics if one.severity == "error"])
        for one, fields in told(found.entries, wanted):
            screen().print(f"{one.method:7} {visible(one.path)}  {visible(one.operation)}")
            beside = [
                visible(text)
                for text in (one.summary, one.owner and f"owned by {one.owner}", ", ".join(fields))
                if text
            ]
            screen().print(f"        {'; '.join(beside)}")
        screen().print(count_of(len(found.entries), "operation"))
    if has_errors(diagnostics) or not found.entries:
        raise typer.Exit(REFUSED)

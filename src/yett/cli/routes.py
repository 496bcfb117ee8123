"""`yett routes`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from yett.cli.arguments import DEFAULT_CONFIG, Config, Json

if TYPE_CHECKING:
    from yett.services.routes import Route


def routes(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """List operations, and who may call them."""
    import os
    from dataclasses import asdict

    from yett.cli.output import REFUSED, diagnostics_json, patience, show_diagnostics, show_json, told_errors
    from yett.model.diagnostic import has_errors
    from yett.services.assembly import ABSENT_SECRETS
    from yett.services.routes import list_routes

    with told_errors(as_json=as_json), patience(f"reading {config}"):
        found = list_routes(config, os.environ)
    # What is served does not depend on the keys.
    diagnostics = [one for one in found.diagnostics if one.code not in ABSENT_SECRETS]
    if as_json:
        listed = [asdict(route) for route in found.routes]
        show_json({"routes": listed, "diagnostics": diagnostics_json(diagnostics)})
    else:
        show_diagnostics(diagnostics)
        _show(found.routes)
    if has_errors(diagnostics):
        raise typer.Exit(REFUSED)


def _show(listed: tuple[Route, ...]) -> None:
    from rich.text import Text

    from yett.cli.output import screen, visible

    rows = [
        (one.method, f"{','.join(one.hosts)}{one.path}", one.operation, _callers(one), one.upstream) for one in listed
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
    for method, path, operation, callers, upstream in rows:
        line = Text().append(f"{method:<{widths[0]}}  ", style="bold").append(f"{visible(path):<{widths[1]}}  ")
        line.append(f"{visible(operation):<{widths[2]}}  ", style="cyan").append(
            f"{callers:<{widths[3]}}  ", style="dim"
        )
        line.append(visible(upstream))
        screen().print(line)


def _callers(route: Route) -> str:
    if route.public:
        return "public"
    return ", ".join(route.profiles) or "nobody: no profile grants it"

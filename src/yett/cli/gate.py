"""`yett gate` and `yett publish`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from yett.cli.arguments import DEFAULT_CONFIG, Config, Json

if TYPE_CHECKING:
    from yett.services.gates import Judgement
    from yett.services.publishing import Publication

_MOST = 20


def gate(
    config: Config = DEFAULT_CONFIG,
    against: Annotated[
        str | None, typer.Option("--against", metavar="CONFIG", help="The configuration before; absent: as published.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say whether the gates let a configuration be published."""
    from yett.cli.output import REFUSED, patience, show_json, told_errors
    from yett.services.gates import judge

    with told_errors(as_json=as_json), patience(f"judging {config}"):
        judgement = judge(config, os.environ, against=against)
    if as_json:
        show_json(judgement.as_document())
    else:
        _show(judgement)
    if judgement.blocked:
        raise typer.Exit(REFUSED)


def publish(
    config: Config = DEFAULT_CONFIG,
    by: Annotated[str, typer.Option("--by", help="Who publishes; absent: you.")] = "",
    listed: Annotated[bool, typer.Option("--list", help="Publish nothing: list what was published.")] = False,
    as_json: Json = False,
) -> None:
    """Publish the contracts of a configuration if no gate blocks."""
    import getpass

    from yett.cli.output import REFUSED, patience, show_json, told_errors
    from yett.services.publishing import as_document, publications
    from yett.services.publishing import publish as publish_all

    if listed:
        with told_errors(as_json=as_json):
            found = publications(config, os.environ)
        if as_json:
            show_json([as_document(one) for one in found])
        else:
            _show_publications(found)
        return
    with told_errors(as_json=as_json), patience(f"judging {config}"):
        done = publish_all(config, os.environ, by=by or os.environ.get("USER") or getpass.getuser())
    if as_json:
        show_json({**done.judgement.as_document(), "published": [as_document(one) for one in done.publications]})
    else:
        _show(done.judgement)
        _show_publications(done.publications)
    if done.judgement.blocked:
        raise typer.Exit(REFUSED)


def _show(judgement: Judgement) -> None:
    from rich.text import Text

    from yett.cli.output import screen, visible

    colours = {"pass": "green", "warn": "yellow", "block": "red"}
    for one in judgement.apis:
        before = f" (published: {one.before})" if one.before is not None else ""
        screen().print(visible(f"{one.api} {one.version}: {one.step}{before}"))
    for verdict in judgement.verdicts:
        line = Text().append(verdict.outcome, style=f"bold {colours[verdict.outcome]}")
        about = verdict.api or "the configuration"
        screen().print(line.append(visible(f" {about}: {verdict.message} [{verdict.gate.title}]")))
        told = [f"{one.file}:{one.line}: {one.severity}[{one.rule}] {one.message}" for one in verdict.findings]
        told += verdict.changes
        for text in told[:_MOST]:
            screen().print(visible(f"        {text}"))
        if len(told) > _MOST:
            screen().print(f"        and {len(told) - _MOST} more")
        if verdict.todo:
            screen().print(Text().append("        to do: ", style="cyan").append(visible(verdict.todo)))
    screen().print("it may not be published" if judgement.blocked else "nothing is in the way")


def _show_publications(found: tuple[Publication, ...] | list[Publication]) -> None:
    from datetime import UTC, datetime

    from yett.cli.output import screen, visible

    for one in found:
        when = datetime.fromtimestamp(one.at, UTC).isoformat()
        screen().print(visible(f"published {one.api} {one.version} by {one.by} at {when}; digest {one.digest[:16]}"))

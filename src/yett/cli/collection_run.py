"""`yett collection run`."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yett.cli.arguments import EXIT_CODES
from yett.cli.collection import File, Form, app

if TYPE_CHECKING:
    from yett.collections import Collection
    from yett.contract import Contract
    from yett.services.collection_run import Outcome, RunOptions, RunReport


commands = app
"""All commands on collections, this one among them."""


class Report(StrEnum):
    """How a run is told."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    HTML = "html"


@app.command("run", epilog=EXIT_CODES)
def run(
    file: File,
    environment: Annotated[str, typer.Option("--env", "-e", help="An environment: a name, or a file.")] = "",
    data: Annotated[
        Path | None, typer.Option("--data", "-d", help="Rows of variables, CSV or JSON: a run for each.")
    ] = None,
    given: Annotated[list[str] | None, typer.Option("--var", metavar="NAME=VALUE", help="A variable.")] = None,
    base_url: Annotated[str, typer.Option("--base-url", help="What {{base_url}} is.")] = "",
    config: Annotated[str, typer.Option("--config", help="Start a gateway from this configuration, and ask it.")] = "",
    contracts: Annotated[
        list[Path] | None,
        typer.Option("--contract", help="A contract of API NAME: NAME.openapi.yaml."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Requests by title, name, folder, operation or tag; * fits all.")
    ] = None,
    bail: Annotated[bool, typer.Option("--bail", help="Stop at the first failure.")] = False,
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, max=600, help="Seconds for each request.")] = 30.0,
    follow: Annotated[bool, typer.Option("--follow", help="Follow redirects; proof stays with its origin.")] = False,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Do not verify certificates. Never against production.")
    ] = False,
    output_format: Annotated[Report, typer.Option("--report", help="How to tell it.")] = Report.TEXT,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write the report. Absent: standard output.")
    ] = None,
    form: Annotated[Form | None, typer.Option("--format", help="What the file is. Absent: as it looks.")] = None,
) -> None:
    """Send requests and judge their answers.

    Each answer is held against what the collection expects of it.

    With --config the answers come through a real gateway, started for it on the loopback, in front of the upstreams
    that the configuration names; {{api_key}} is a key that may call everything.
    """
    import os

    from yett.cli.output import REFUSED, told_errors
    from yett.services.collection_run import RunOptions, read_rows
    from yett.services.collections import demand, environment_of, read_collection
    from yett.services.sending import SendOptions

    with told_errors(), ExitStack() as held:
        collection = demand(read_collection(file, form.value if form else ""))
        options = RunOptions(
            environment=environment_of(collection, environment, file) if environment else None,
            rows=read_rows(data) if data else ({},),
            given=_given(given or [], base_url),
            only=tuple(only or ()),
            bail=bail,
            send=SendOptions(timeout, follow, insecure),
            folder=file if file.is_dir() else file.parent,
            contracts=_contracts(contracts or []),
        )
        if config:
            options = _through_gateway(config, options, held)
        report = _run(collection, options, dict(os.environ), quiet=output_format is not Report.TEXT)
        _show(report, output_format, output)
    if report.failed:
        raise typer.Exit(REFUSED)


def _given(given: list[str], base_url: str) -> dict[str, str]:
    found = {"base_url": base_url.rstrip("/"), "baseUrl": base_url.rstrip("/")} if base_url else {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise typer.BadParameter("write NAME=VALUE", param_hint="--var")
        found[name] = value
    return found


def _contracts(paths: list[Path]) -> dict[str, Contract]:
    from yett.services.collections import contracts_by_api

    return dict(contracts_by_api(paths))


def _through_gateway(config: str, options: RunOptions, held: ExitStack) -> RunOptions:
    import os

    from yett.services.assembly import assemble
    from yett.services.own_gateway import own_gateway

    own = held.enter_context(own_gateway(assemble(config, os.environ, need_secrets=False)))
    given = {"base_url": own.url, "baseUrl": own.url, "api_key": own.key, **options.given}
    return replace(options, given=given, contracts={**own.assembly.contracts, **options.contracts})


def _run(collection: Collection, options: RunOptions, environment: dict[str, str], *, quiet: bool) -> RunReport:
    import sys

    from yett.services.collection_run import run_collection

    done = 0

    def tell(outcome: Outcome, total: int) -> None:
        nonlocal done
        done += 1
        if not quiet:
            _show_outcome(outcome)
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{done}/{total}\x1b[K\r")

    return run_collection(collection, options, environment, tell)


def _show_outcome(one: Outcome) -> None:
    from rich.text import Text

    from yett.cli.output import screen, visible

    line = Text().append("pass " if one.passed else "FAIL ", style="green" if one.passed else "bold red")
    row = f" [row {one.row + 1}]" if one.row else ""
    line.append(f"{visible(one.title)}{row}")
    if one.status is not None:
        line.append(f"  {one.method} {one.status} in {one.took_ms:.0f} ms", style="dim")
    screen().print(line)
    if one.error:
        screen().print(Text(f"     {visible(one.error)}", style="red"))
    for each in one.checked:
        if not each.held:
            screen().print(Text(f"     expected: {visible(each.expected)}; seen: {visible(each.seen)}", style="red"))
    if not one.passed and one.curl:
        # Line by line: a body of several lines can be pasted as it stands.
        screen().print(Text("\n".join(map(visible, one.curl.split("\n"))), style="dim"))


def _show(report: RunReport, output_format: Report, output: Path | None) -> None:
    from yett.cli.output import screen
    from yett.services.collection_run import report_json, run_page, run_summary, run_xml

    if output_format is Report.TEXT:
        screen().print("\n" + run_summary(report))
        return
    text = {Report.JSON: report_json, Report.JUNIT: run_xml, Report.HTML: run_page}[output_format](report)
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
        screen(error=True).print(run_summary(report))

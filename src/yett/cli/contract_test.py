"""`yett test`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from yett.services.contract_tests import TrialReport


class Report(StrEnum):
    """How tests are told."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    HTML = "html"


Contract = Annotated[Path | None, typer.Option("--contract", "-c", help="The contract of what answers at a URL.")]
Cases = Annotated[int, typer.Option("--cases", min=1, max=10_000, help="Requests for each operation and kind.")]
Seconds = Annotated[float, typer.Option("--seconds", min=1, max=86_400, help="When to stop making requests.")]
Seed = Annotated[int | None, typer.Option("--seed", help="The same seed makes the same requests. Absent: a new one.")]
Only = Annotated[list[str] | None, typer.Option("--only", help="An operation by its id; may be said again.")]
Headers = Annotated[list[str] | None, typer.Option("--header", "-H", help="'Name: $VAR', sent with every request.")]
As = Annotated[str, typer.Option("--as", metavar="APP", help="Ask as this app. Absent: one that may call all.")]
AllMethods = Annotated[bool, typer.Option("--all-methods", help="Send what may change things to other machines, too.")]
Access = Annotated[bool, typer.Option("--access/--no-access", help="Try the access matrix of a configuration.")]
Timeout = Annotated[float, typer.Option("--timeout", min=0.1, max=600, help="Seconds for each request.")]


def try_contract(
    target: Annotated[str, typer.Argument(metavar="CONFIG|URL", help="A configuration, or an API's address.")] = ".",
    contract: Contract = None,
    cases: Cases = 25,
    seconds: Seconds = 120.0,
    seed: Seed = None,
    only: Only = None,
    headers: Headers = None,
    app: As = "",
    positive: Annotated[bool, typer.Option("--positive", help="Only requests that fit the contract.")] = False,
    all_methods: AllMethods = False,
    access: Access = True,
    timeout: Timeout = 10.0,
    insecure: Annotated[bool, typer.Option("--insecure", help="Do not verify certificates.")] = False,
    output_format: Annotated[Report, typer.Option("--report", help="How to tell it.")] = Report.TEXT,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to write the report.")] = None,
) -> None:
    """Test an API against its contract.

    Examples, requests that fit, requests that do not, and who may call what.

    A configuration is tested through a gateway that is started for it, in front of the upstreams it names. Each
    failure comes with a curl command that repeats it. To other machines only methods that change nothing are sent.
    """
    import os
    import secrets

    from yett.cli.output import REFUSED, patience, told_errors
    from yett.services.contract_tests import TrialOptions, secret_headers, try_configuration, try_url

    with told_errors(), patience(f"testing {target}"):
        named, held = secret_headers(headers or [], os.environ)
        options = TrialOptions(
            seed=secrets.randbelow(1_000_000) if seed is None else seed,
            cases=cases,
            seconds=seconds,
            timeout_s=timeout,
            only=tuple(only or ()),
            negative=not positive,
            access=access,
            all_methods=all_methods,
            headers=named,
            secrets=held,
            app=app,
            insecure=insecure,
        )
        if target.startswith(("http://", "https://")):
            if contract is None:
                raise typer.BadParameter("name the contract of what answers there", param_hint="--contract")
            report = try_url(target, contract, options)
        else:
            report = try_configuration(target, os.environ, options)
        _show(report, output_format, output)
    if report.failures:
        raise typer.Exit(REFUSED)


def _show(report: TrialReport, output_format: Report, output: Path | None) -> None:
    from rich.text import Text

    from yett.cli.output import screen, visible
    from yett.services.contract_tests import reports, spoken

    if output_format is Report.TEXT:
        for one in spoken(report):
            word, colour = ("FAIL", "bold red") if one.failure else ("skip", "dim")
            screen().print(Text().append(f"{word} ", style=colour).append(visible(f"{one.group} {one.name}")))
            screen().print(Text(f"     {visible(one.failure or one.skipped)}", style=colour))
            if one.detail:
                screen().print(Text("\n".join(map(visible, one.detail.split("\n"))), style="dim"))
        screen().print("\n".join(map(visible, report.told())))
        return
    text = reports()[output_format.value](report)
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
        screen(error=True).print("\n".join(map(visible, report.told())))

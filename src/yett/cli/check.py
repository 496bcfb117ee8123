"""`yett check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from yett.cli.arguments import DEFAULT_CONFIG, Config, Json

if TYPE_CHECKING:
    from yett.services.check import Report


def check(
    config: Config = DEFAULT_CONFIG,
    without_secrets: Annotated[
        bool, typer.Option("--without-secrets", help="Only warn of keys and peppers that are not there.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Find every mistake, and run nothing.

    Configuration, contracts and keys are read; where it is built, the engine is asked too.
    """
    import os

    from yett.cli.output import REFUSED, diagnostics_json, patience, show_diagnostics, show_json, told_errors
    from yett.services.check import check_configuration

    with told_errors(as_json=as_json), patience(f"checking {config}"):
        report = check_configuration(config, os.environ, need_secrets=not without_secrets)
    if as_json:
        show_json(
            {
                "sound": report.sound,
                "digest": report.digest,
                "apis": report.apis,
                "operations": report.operations,
                "apps": report.apps,
                "keys": report.keys,
                "engine_asked": report.engine_asked,
                "diagnostics": diagnostics_json(report.diagnostics),
            }
        )
    else:
        show_diagnostics(report.diagnostics)
        _show_summary(report)
    if not report.sound:
        raise typer.Exit(REFUSED)


def _show_summary(report: Report) -> None:
    from yett.cli.output import count_of, screen, tally

    if not report.sound:
        screen(error=True).print(f"\n{tally(report.diagnostics)}")
        return
    counts = ", ".join(
        count_of(number, noun)
        for number, noun in (
            (report.apis, "API"), (report.operations, "operation"), (report.apps, "app"), (report.keys, "key")
        )
    )  # fmt: skip
    digest = f"; digest {report.digest[:16]}" if report.digest else ""
    screen().print(f"{report.path} is sound: {counts}{digest}")
    if not report.engine_asked:
        screen(error=True).print("the native engine is not built (`make build`), so it was not asked")

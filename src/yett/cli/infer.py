"""`yett infer`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yett.cli.arguments import Force, Output


def infer(
    recording: Annotated[Path, typer.Argument(metavar="HAR", help="A recording: HAR, with bodies.")],
    output: Output = None,
    host: Annotated[str, typer.Option("--host", help="Whose calls to take. Absent: those that are most.")] = "",
    force: Force = False,
) -> None:
    """Make a contract from recorded calls, to begin with.

    Secrets and cookies stay behind: no value that was recorded is in the contract.
    """
    from yett.cli.output import count_of, patience, screen, told_errors, visible
    from yett.services.designs import save, text_of
    from yett.services.inference import infer_contract

    with told_errors(), patience(f"reading {recording}"):
        made = infer_contract(recording, host)
        if output is None:
            typer.echo(text_of(made.document, Path("contract.yaml")), nl=False)
        else:
            save(made.document, output, force=force)
    screen(error=True).print(f"made from {count_of(made.calls, 'call')}")
    for what, number in made.passed_over:
        screen(error=True).print(f"passed over: {number:,} {visible(what)}")

"""`yett overlay`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yett.cli.arguments import Force, Output
from yett.cli.bundle import hand_over


def overlay(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="CONTRACT OVERLAY...", help="The contract, which may be left out where an overlay `extends` it."
        ),
    ],
    output: Output = None,
    strict: Annotated[bool, typer.Option("--strict", help="A target that matches nothing is an error.")] = False,
    force: Force = False,
) -> None:
    """Lay changes over a contract without touching it.

    Overlays are written as OpenAPI Overlay 1.0 says.
    """
    from yett.cli.output import patience
    from yett.services.designs import overlay_contract

    with patience(f"reading {files[0]}"):
        made = overlay_contract(files, strict=strict)
    hand_over(made, output, files[0], force=force)

"""`yett bundle`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yett.cli.arguments import Force, Output

if TYPE_CHECKING:
    from yett.services.designs import Made


def bundle(
    contract: Annotated[Path, typer.Argument(metavar="CONTRACT", help="The contract's main file.")],
    output: Output = None,
    force: Force = False,
) -> None:
    """Make one document out of a contract's files.

    What stands in other files becomes a component, named as it was there. Nothing is fetched.
    """
    from yett.cli.output import patience
    from yett.services.designs import bundle_contract

    with patience(f"reading {contract}"):
        made = bundle_contract(contract)
    hand_over(made, output, contract, force=force)


def hand_over(made: Made, output: Path | None, like: Path, *, force: bool) -> None:
    """Tell what was found, and write a document to a file or to standard output, there in the form of `like`."""
    from yett.cli.output import REFUSED, show_diagnostics, told_errors
    from yett.services.designs import save, text_of

    show_diagnostics(made.diagnostics)
    if made.document is None:
        raise typer.Exit(REFUSED)
    if output is None:
        typer.echo(text_of(made.document, like), nl=False)
        return
    with told_errors():
        save(made.document, output, force=force)

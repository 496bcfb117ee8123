"""`yett exempt`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yett.cli.arguments import DEFAULT_CONFIG, Config, Json


def exempt(
    decision: Annotated[str, typer.Argument(metavar="DECISION", help="Id of the decision, as the caller was told.")],
    config: Config = DEFAULT_CONFIG,
    log: Annotated[Path, typer.Option(help="The access log.")] = Path("access.log"),
    signature: Annotated[bool, typer.Option("--signature", help="Except the one signature, not its family.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write it into the configuration.")] = False,
    as_json: Json = False,
) -> None:
    """Except what the injection guard took for an attack.

    The exception holds for the operation, the place, the name and the family of signatures that the access log has of
    the decision. It is shown, and written with `--write`; the rest of the file stays as it is.
    """
    import os

    from yett.cli.output import patience, screen, show_json, told_errors, visible
    from yett.services.exempt import find_exemption, write_exemption

    with told_errors(as_json=as_json), patience(f"reading {log}"):
        found = find_exemption(config, decision, log, os.environ, narrow=signature)
        if write:
            write_exemption(found)
    if as_json:
        show_json({"api": found.api, "exception": dict(found.exception), "file": str(found.file), "written": write})
        return
    for name, value in found.exception.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        screen().print(f"{name + ':':<12}{visible(shown)}")
    done = "written to" if write else "not written yet; `--write` puts it into"
    screen().print(f"{done} {visible(str(found.file))}, API {visible(found.api)}")

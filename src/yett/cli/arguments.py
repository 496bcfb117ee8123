"""Arguments that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Config = Annotated[str, typer.Argument(metavar="CONFIG", help="A configuration file, or a folder of such files.")]
"""The configuration to work on."""

RequiredConfig = Annotated[
    str, typer.Argument(metavar="CONFIG", help="A configuration file, or a folder of such files.")
]
"""The same where it must be given."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
"""Whether a program reads the output."""

DEFAULT_CONFIG = "yett.yaml"

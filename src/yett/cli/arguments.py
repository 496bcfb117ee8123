"""Arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

Config = Annotated[str, typer.Argument(metavar="CONFIG", help="A configuration file, or a folder of such files.")]
"""The configuration to work on."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
"""Whether a program reads the output."""

EXIT_CODES: Final = (
    "Exit codes: 0 all is well · 1 mistakes were found, or the request or the start was refused · 2 wrong usage."
)
"""The last lines of every help."""

DEFAULT_CONFIG: Final = "."
"""The folder one stands in: the same files as when it is named."""

Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Where to write it: .json or .yaml. Absent: standard output.")
]
"""The file to write."""

Force = Annotated[bool, typer.Option("--force", help="Write over a file that is there.")]
"""Whether a file may be written over."""

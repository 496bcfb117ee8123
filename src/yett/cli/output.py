"""How results look: plain text without surprises, colour where a terminal wants it, JSON where a program reads.

What is shown may come from hostile files: control characters are made visible, and API keys are masked.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from yett.errors import ConfigurationError, SnapshotRefusedError, YettError

if TYPE_CHECKING:
    from rich.console import Console

    from yett.model.diagnostic import Diagnostic

REFUSED = 1
"""Exit code for mistakes that were found and for whatever was refused."""


@cache
def screen(*, error: bool = False) -> Console:
    """The terminal: standard output, or standard error. Honours NO_COLOR and pipes."""
    from rich.console import Console

    return Console(stderr=error, highlight=False, markup=False, emoji=False, soft_wrap=True)


def visible(text: str) -> str:
    """`text` with everything that could steer a terminal made visible."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def show_json(document: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print a document for a program."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def show_diagnostics(diagnostics: Sequence[Diagnostic]) -> None:
    """Print every diagnostic with its line of source, and how many there are, on standard error."""
    from rich.text import Text

    from yett.cli.excerpts import Excerpts

    excerpts = Excerpts(diagnostics)
    for one in diagnostics:
        colour = "red" if one.severity == "error" else "yellow"
        line = Text().append(f"{visible(one.place)}: ", style="bold")
        line.append(f"{one.severity}[{one.code}]", style=f"bold {colour}").append(f" {visible(one.message)}")
        screen(error=True).print(line)
        if excerpt := excerpts.of(one):
            screen(error=True).print(Text(f"  {one.line:>5} | {visible(excerpt)}", style="dim"))
        if key := _key_in(excerpt, one):
            screen(error=True).print(Text(f"        at: {visible(key)}", style="dim"))
        if one.hint:
            screen(error=True).print(Text().append("        hint: ", style="cyan").append(visible(one.hint)))


def _key_in(line: str, diagnostic: Diagnostic) -> str:
    """Which key is meant of a line that holds several, or is not shown; empty where the line itself tells."""
    if line and not set("{[") & set(line):
        return ""
    return ".".join(one.replace("~1", "/").replace("~0", "~") for one in diagnostic.pointer.split("/")[1:])


def diagnostics_json(diagnostics: Sequence[Diagnostic]) -> list[dict[str, Any]]:
    """The diagnostics as plain data."""
    return [asdict(one) for one in diagnostics]


def count_of(number: int, noun: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def tally(diagnostics: Sequence[Diagnostic]) -> str:
    """`2 errors and 1 warning`, or nothing."""
    numbers = [(sum(one.severity == severity for one in diagnostics), severity) for severity in ("error", "warning")]
    return " and ".join(count_of(number, severity) for number, severity in numbers if number)


def fail(message: str, *, hint: str = "", code: str = "") -> NoReturn:
    """Say in one line what went wrong, and leave with exit code 1."""
    from rich.text import Text

    line = Text().append(f"error[{code}]" if code else "error", style="bold red").append(f" {visible(message)}")
    screen(error=True).print(line)
    if hint:
        screen(error=True).print(Text().append("  hint: ", style="cyan").append(visible(hint)))
    raise typer.Exit(REFUSED)


def demand_configuration(config: str, purpose: str, hint: str) -> None:
    """Raise `YettError` where there is no configuration: a pepper made beside nothing would be lost."""
    from yett.services.assembly import assemble

    path = Path(config)
    if path.is_dir():
        found = assemble(config, os.environ, need_secrets=False).diagnostics
        missing = any(one.code == "configuration-missing" for one in found)
    else:
        missing = not path.exists()
    if missing:
        raise YettError(f"there is no configuration at {config} {purpose}", code="configuration-missing", hint=hint)


@contextmanager
def told_errors(*, as_json: bool = False) -> Iterator[None]:
    """Tell whatever goes wrong inside in one line, or diagnostic by diagnostic, and leave with exit code 1."""
    try:
        yield
    except (ConfigurationError, SnapshotRefusedError) as error:
        if as_json:
            show_json({"error": error.code, "diagnostics": diagnostics_json(error.diagnostics)})
        else:
            show_diagnostics(error.diagnostics)
            screen(error=True).print(f"\n{tally(error.diagnostics)}")
        raise typer.Exit(REFUSED) from None
    except YettError as error:
        if as_json:
            show_json({"error": error.code, "message": str(error), "hint": error.hint})
            raise typer.Exit(REFUSED) from None
        fail(str(error), hint=error.hint, code=error.code)
    except OSError as error:
        if error.filename is None:
            # Of the output, not of a file that somebody named: `main` tells it.
            raise
        fail(f"{error.filename}: {(error.strerror or str(error)).lower()}")


@contextmanager
def patience(text: str) -> Iterator[None]:
    """Show a spinner on standard error when the work inside takes over a second; only on a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    status = screen(error=True).status(text)
    timer = threading.Timer(1.0, status.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        status.stop()

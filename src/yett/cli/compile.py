"""`yett compile`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yett.cli.arguments import DEFAULT_CONFIG, Config

if TYPE_CHECKING:
    from yett.services.assembly import Assembly


def compile_(
    config: Config = DEFAULT_CONFIG,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it; else standard output.")
    ] = None,
) -> None:
    """Write the snapshot that `yett-gateway` runs.

    The file is whole or not there: a running gateway takes it up on SIGHUP. Keys are in it as keyed hashes, so the
    gateway also needs the pepper, which is made where there is none yet.
    """
    import hashlib
    import os

    from yett.cli.output import patience, screen, show_diagnostics, told_errors, visible
    from yett.services.assembly import assemble

    if output is None and sys.stdout.isatty():
        raise typer.BadParameter("a snapshot is for programs: name a file, or send it through a pipe", param_hint="-o")
    with told_errors(), patience(f"compiling {config}"):
        assembly = assemble(config, os.environ, create_pepper=True)
        snapshot = _accepted(assembly)
        if output is not None:
            _replace(output.resolve(), snapshot)
    show_diagnostics(assembly.diagnostics)
    if output is None:
        sys.stdout.buffer.write(snapshot)
        sys.stdout.buffer.flush()
    screen(error=True).print(f"digest {hashlib.sha256(snapshot).hexdigest()}")
    screen(error=True).print(visible(f"its keys are bound to the pepper in the {assembly.pepper.reference}"))
    if assembly.configuration.gateway.identity is not None:
        screen(error=True).print("its tokens for upstreams need their key: `yett-gateway --identity-key FILE`")


def _accepted(assembly: Assembly) -> bytes:
    """The snapshot. Raises `ConfigurationError` for mistakes, also for those that only the engine finds."""
    from yett.errors import ConfigurationError
    from yett.gateway import check_snapshot, native_available
    from yett.services.published import demand_published
    from yett.services.refusals import refused_places

    snapshot = assembly.snapshot()
    demand_published(assembly)
    found = check_snapshot(snapshot, assembly.pepper.secret) if native_available() else ()
    if found:
        raise ConfigurationError(refused_places(assembly, [one.as_diagnostic() for one in found]))
    return snapshot


def _replace(path: Path, data: bytes) -> None:
    """Put `data` in the place of the file at once. Raises `OSError`."""
    if path.exists() and not path.is_file():
        # A device or a pipe is written to, never replaced.
        path.write_bytes(data)
        return
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)

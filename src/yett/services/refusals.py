"""What the engine says about a snapshot, brought back to the files somebody wrote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from yett.compile import OperationIndex, Operations, place_of, write_cedar
from yett.model.diagnostic import Diagnostic
from yett.services.assembly import Assembly


def refused_places(assembly: Assembly, diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The engine's diagnostics, each with the best place in configuration or contract that can be named."""
    return [_placed(assembly, one) for one in diagnostics]


def _placed(assembly: Assembly, diagnostic: Diagnostic) -> Diagnostic:
    place, name = place_of(diagnostic.pointer, assembly.configuration, assembly.contracts, assembly.credentials)
    if not place.file:
        return replace(diagnostic, file=assembly.path)
    message = f"{name}: {diagnostic.message}" if name else diagnostic.message
    placed = replace(diagnostic, file=place.file, line=place.line, column=0, pointer=place.pointer, message=message)
    spot = _spot(assembly, diagnostic)
    return placed if spot is None else replace(placed, file=spot[0], line=spot[1], column=spot[2])


def _spot(assembly: Assembly, diagnostic: Diagnostic) -> tuple[str, int, int] | None:
    """Where in the text of a policy a diagnostic of the engine stands, if anybody wrote it."""
    parts = diagnostic.pointer.split("/")
    if not diagnostic.line or parts[1:2] != ["policies"]:
        return None
    configuration = assembly.configuration
    operations = Operations(configuration, OperationIndex(configuration, assembly.contracts), assembly.contracts)
    spot = write_cedar(configuration.policies[int(parts[2])], operations).origin(diagnostic.line, diagnostic.column)
    return spot if spot is not None and spot[1] else None

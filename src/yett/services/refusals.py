"""What the engine says about a snapshot, brought back to the files somebody wrote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from yett.compile import place_of
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
    return Diagnostic(place.file, place.line, place.pointer, diagnostic.code, message, diagnostic.hint)

"""Explain what the gateway would do with one request, phase by phase, by the engine that would do it."""

from __future__ import annotations

from collections.abc import Mapping

from yett.errors import ConfigurationError, SnapshotRefusedError
from yett.gateway import Decision, Request, decide
from yett.services.assembly import Assembly, assemble
from yett.services.refusals import refused_places


def explain_request(path: str, request: Request, environment: Mapping[str, str]) -> Decision:
    """Decide `request` with the configuration at `path`.

    Raises `ConfigurationError` when the configuration has errors, `GatewayError` when the request cannot be put into
    HTTP or names an app that does not exist, and `NativeMissingError` without the native engine.
    """
    return decide_with(assemble(path, environment), request)


def decide_with(assembly: Assembly, request: Request) -> Decision:
    """The same, for a configuration that is assembled already."""
    try:
        return decide(assembly.snapshot(), [request], assembly.pepper.secret)[0]
    except SnapshotRefusedError as error:
        raise ConfigurationError(refused_places(assembly, error.diagnostics)) from None

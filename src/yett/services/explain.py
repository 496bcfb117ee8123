"""Explain what the gateway would do with one request, phase by phase, by the engine that would do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from yett.errors import ConfigurationError, SnapshotRefusedError
from yett.gateway import Decision, Request, decide
from yett.model.diagnostic import Diagnostic
from yett.services.assembly import ABSENT_SECRETS, Assembly, assemble
from yett.services.controls import control_change, controls_in_store
from yett.services.refusals import refused_places


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision, and the secrets that were not there to decide with."""

    decision: Decision
    absent: tuple[Diagnostic, ...]


def explain_request(path: str, request: Request, environment: Mapping[str, str]) -> Explanation:
    """Decide `request` with the configuration at `path`; keys that are not there are as unknown as any other.

    Raises `ConfigurationError` when the configuration has errors, `GatewayError` when the request cannot be put into
    HTTP or names an app that does not exist, and `NativeMissingError` without the native engine.
    """
    assembly = assemble(path, environment, need_secrets=False)
    absent = tuple(one for one in assembly.diagnostics if one.code in ABSENT_SECRETS)
    return Explanation(_decide(assembly, request), absent)


def _decide(assembly: Assembly, request: Request) -> Decision:
    try:
        changes = [control_change(one) for one in controls_in_store(assembly.store)]
        return decide(assembly.snapshot(), [request], assembly.pepper.secret, changes)[0]
    except SnapshotRefusedError as error:
        raise ConfigurationError(refused_places(assembly, error.diagnostics)) from None

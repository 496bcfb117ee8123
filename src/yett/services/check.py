"""Check a configuration without running it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from yett.compile import compile_snapshot
from yett.gateway import check_snapshot, native_available
from yett.model.access import Credentials
from yett.model.configuration import Configuration
from yett.model.diagnostic import Diagnostic, has_errors, in_order
from yett.model.proofs import AppProofs
from yett.services.assembly import Assembly, assemble
from yett.services.published import unpublished
from yett.services.refusals import refused_places


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found.

    `digest` is the snapshot's SHA-256 in hex; `None` where there are errors, and where there is no pepper yet, since
    the one that is made later changes it. `engine_asked` is false where the native engine is not built and only the
    configuration itself was checked.
    """

    path: str
    diagnostics: tuple[Diagnostic, ...]
    apis: int
    operations: int
    apps: int
    keys: int
    digest: str | None
    engine_asked: bool

    @property
    def sound(self) -> bool:
        """Whether there are no errors, warnings aside."""
        return not has_errors(self.diagnostics)


def check_configuration(path: str, environment: Mapping[str, str], *, need_secrets: bool = True) -> Report:
    """Find every mistake of the configuration at `path`, its contracts and its keys; also what the engine refuses.

    Without `need_secrets`, secrets that are not there are only warned of.
    """
    assembly = assemble(path, environment, need_secrets=need_secrets)
    diagnostics, digest, asked = assembly.diagnostics, None, native_available()
    if assembly.sound:
        snapshot = assembly.snapshot()
        serving = (replace(one, severity="warning") for one in unpublished(assembly))
        diagnostics = in_order([*diagnostics, *serving])
        digest = hashlib.sha256(snapshot).hexdigest()
        if asked:
            diagnostics = in_order([*diagnostics, *_engine_mistakes(assembly, snapshot)])
    elif asked:
        diagnostics = in_order([*diagnostics, *_mistakes_of_draft(assembly)])
    return Report(
        path=path,
        diagnostics=diagnostics,
        apis=len(assembly.configuration.apis),
        operations=sum(len(contract.operations) for contract in assembly.contracts.values()),
        apps=len(assembly.configuration.apps),
        keys=sum(len(app.keys) for app in assembly.configuration.apps),
        digest=None if has_errors(diagnostics) or assembly.pepper.stands_in else digest,
        engine_asked=asked,
    )


ENGINES_OWN: Final = frozenset(
    {
        "header-rule-invalid",
        "header-value-invalid",
        "jwks-path-invalid",
        "jwks-path-taken",
        "redirect-invalid",
        "upstream-identity-invalid",
    }
)
"""Codes of mistakes that the engine alone can tell, and that stand for themselves whatever else is wrong."""

POLICIES_OWN: Final = frozenset(
    {
        "policy-attribute-untyped",
        "policy-stages",
        "policy-syntax",
        "policy-too-long",
        "policy-type",
        "policy-unenforceable",
        "time-zone-unknown",
    }
)
"""Codes of mistakes in policies that stand for themselves, whatever else is wrong."""

POLICIES_NAMES: Final = frozenset({"policy-unknown-attribute", "policy-unknown-entity", "policy-unknown-operation"})
"""Codes of names in policies that may be those of something that could not be read."""


def _mistakes_of_draft(assembly: Assembly) -> list[Diagnostic]:
    """What the engine has to say of a configuration with mistakes, so that all of them are told at once."""
    if assembly.draft is None:
        return []
    apis = tuple(api for api in assembly.draft.apis if api.name in assembly.contracts)
    exposed = Configuration(gateway=assembly.draft.gateway, apis=apis)
    found = [one for one in _of_draft(assembly, exposed) if one.code in ENGINES_OWN]
    if not assembly.draft.policies:
        return found
    judged = replace(
        exposed,
        collections=tuple(replace(one, limits=()) for one in assembly.draft.collections),
        profiles=tuple(replace(one, limits=()) for one in assembly.draft.profiles),
        teams=assembly.draft.teams,
        apps=tuple(replace(one, limits=(), keys=(), clients=(), proofs=AppProofs()) for one in assembly.draft.apps),
        policies=assembly.draft.policies,
    )
    unread = assembly.unread
    whole = len(apis) == len(assembly.draft.apis) and not unread.sections and not any(unread.names.values())
    codes = POLICIES_OWN | POLICIES_NAMES if whole else POLICIES_OWN
    return [*found, *(one for one in _of_draft(assembly, judged) if one.code in codes)]


def _of_draft(assembly: Assembly, configuration: Configuration) -> list[Diagnostic]:
    of_draft = replace(assembly, configuration=configuration, credentials=Credentials())
    return _engine_mistakes(of_draft, compile_snapshot(configuration, assembly.contracts, of_draft.credentials))


def _engine_mistakes(assembly: Assembly, snapshot: bytes) -> list[Diagnostic]:
    return refused_places(assembly, [one.as_diagnostic() for one in check_snapshot(snapshot, assembly.pepper.secret)])

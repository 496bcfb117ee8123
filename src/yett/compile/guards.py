"""Guards of the snapshot: what differs from the engine's defaults."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from yett.compile.fields import compact
from yett.model.api import ContractGuard, InjectionGuard
from yett.model.cross_site import CorsGuard
from yett.model.data import LeaksGuard, MaskGuard
from yett.model.structure import StructureGuard

if TYPE_CHECKING:
    from yett.model.api import GuardSettings

_NEWER = ("unknown_properties", "read_only", "response_unknown")


def compile_guards(guards: GuardSettings, api: str) -> dict[str, Any]:
    """`Guards` of the snapshot, for the API of that name."""
    compiled = asdict(guards)
    defaults = asdict(ContractGuard())
    for name in _NEWER:
        if compiled["contract"][name] == defaults[name]:
            del compiled["contract"][name]
    for name in ("injection", "mask", "leaks", "cors", "csrf", "structure"):
        del compiled[name]
    if guards.injection != InjectionGuard():
        compiled["injection"] = compile_injection(guards.injection, api)
    if guards.mask != MaskGuard():
        compiled["mask"] = compile_mask(guards.mask)
    if guards.leaks != LeaksGuard():
        compiled["leaks"] = asdict(guards.leaks)
    if guards.cors != CorsGuard():
        compiled["cors"] = listed(asdict(guards.cors))
    if guards.csrf is not None:
        compiled["csrf"] = listed(asdict(guards.csrf))
    if guards.structure != StructureGuard():
        compiled["structure"] = asdict(guards.structure)
    return compiled


def compile_injection(injection: InjectionGuard, api: str) -> dict[str, Any]:
    """`InjectionGuard` of the snapshot; operations get the name of their API."""
    exceptions = [
        compact(
            operation=None if one.operation is None else f"{api}:{one.operation}",
            name=one.name,
            families=list(one.families),
            signatures=list(one.signatures),
            **{"in": one.location},
        )
        for one in injection.exceptions
    ]
    return compact(mode=injection.mode, level=injection.level, exceptions=exceptions)


def compile_mask(mask: MaskGuard) -> dict[str, Any]:
    """`MaskGuard` of the snapshot."""
    return compact(
        mode=mask.mode,
        rules=dict(mask.rules),
        detect=list(mask.detect),
        detected=None if mask.detected == "enforce" else mask.detected,
        forbid=list(mask.forbid),
        redact=list(mask.redact),
    )


def listed(value: Any) -> Any:
    """`value` with lists in the place of tuples."""
    match value:
        case dict():
            return {key: listed(one) for key, one in value.items()}
        case tuple():
            return [listed(one) for one in value]
        case _:
            return value

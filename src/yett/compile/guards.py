"""Guards of the snapshot: what differs from the engine's defaults."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from yett.compile.fields import compact
from yett.model.api import ContractGuard
from yett.model.cross_site import CorsGuard
from yett.model.data import LeaksGuard, MaskGuard
from yett.model.structure import StructureGuard

if TYPE_CHECKING:
    from yett.model.api import GuardSettings

_NEWER = ("unknown_properties", "read_only", "response_unknown")


def compile_guards(guards: GuardSettings) -> dict[str, Any]:
    """`Guards` of the snapshot."""
    compiled = asdict(guards)
    defaults = asdict(ContractGuard())
    for name in _NEWER:
        if compiled["contract"][name] == defaults[name]:
            del compiled["contract"][name]
    for name in ("mask", "leaks", "cors", "csrf", "structure"):
        del compiled[name]
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

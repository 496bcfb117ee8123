"""The rulesets that gates name: whether they are there, and whether they could ever hold anything up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Final

from yett.governance.builtin import BUILTIN, SETTINGS
from yett.governance.gates import may_find
from yett.governance.ruleset import Ruleset, load_ruleset

if TYPE_CHECKING:
    from yett.model.diagnostic import Diagnostic
    from yett.model.governance import Gate

_CODES: Final = ("ruleset-missing", "ruleset-remote")


def gate_mistakes(gates: Iterable[Gate]) -> Iterator[Diagnostic]:
    """What is wrong with the rulesets of gates: at the gate, or in the ruleset's file, where it stands there."""
    for gate in gates:
        if gate.ruleset is not None:
            yield from _of_ruleset(gate, gate.ruleset)


def _of_ruleset(gate: Gate, name: str) -> Iterator[Diagnostic]:
    rules = _builtin(name) if name in BUILTIN or name == SETTINGS else load_ruleset(name)
    errors = [one for one in rules.diagnostics if one.severity == "error"]
    for one in errors:
        if one.code in _CODES and not one.line:
            yield gate.place.diagnostic("ruleset-unknown", one.message, hint=one.hint)
        else:
            yield one
    if not errors and not may_find(rules, gate.least):
        message = f"no rule of {name} is of severity `{gate.least}` or worse, so that this gate never holds anything up"
        yield gate.place.diagnostic("gate-impossible", message, hint="lower `from`, or name another ruleset")


@cache
def _builtin(name: str) -> Ruleset:
    """What comes with the product does not change while it runs."""
    return load_ruleset(name)

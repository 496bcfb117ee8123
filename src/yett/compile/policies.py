"""Policies of the snapshot: the short form in Cedar's words, and the way back from a mistake to what was written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yett.compile.fields import compact
from yett.model.policy import Passage

if TYPE_CHECKING:
    from yett.compile.operations import OperationIndex
    from yett.compile.source import ContractSource
    from yett.model.configuration import Configuration
    from yett.model.gateway import GatewaySettings
    from yett.model.policy import Policy, Rule, Scope


@dataclass(frozen=True, slots=True)
class Written:
    """A policy in Cedar's words.

    `statements` is how many there are, where that is known; `passages` are the pieces somebody wrote, each with the
    line of `text` it begins on.
    """

    text: str
    statements: int | None
    passages: tuple[tuple[int, Passage], ...]

    def origin(self, line: int, column: int) -> tuple[str, int, int] | None:
        """File, line and column of what stands at a place of `text`; `None` where nobody wrote it."""
        for first, passage in self.passages:
            if first <= line < first + passage.text.count("\n") + 1:
                return passage.spot(line - first + 1, column)
        return None


class Operations:
    """The operations that scopes speak of."""

    def __init__(
        self, configuration: Configuration, index: OperationIndex, contracts: Mapping[str, ContractSource]
    ) -> None:
        self._index = index
        self._collections = {one.name: index.resolve(one.operations) for one in configuration.collections}
        self._methods = {
            f"{api}:{operation.operation_id}": operation.method
            for api, contract in contracts.items()
            for operation in contract.operations
        }

    def of(self, scope: Scope) -> list[str] | None:
        """The ids that a scope means; `None` for all of them."""
        if not (scope.operations or scope.collections or scope.methods):
            return None
        ids = dict.fromkeys(self._index.resolve(scope.operations))
        for collection in scope.collections:
            ids.update(dict.fromkeys(self._collections.get(collection.name, ())))
        if not (scope.operations or scope.collections):
            ids = dict.fromkeys(self._methods)
        return [one for one in ids if not scope.methods or self._methods.get(one) in scope.methods]


def compile_policies(configuration: Configuration, operations: Operations) -> dict[str, Any]:
    """`policies` and `policy_context` of the snapshot."""
    context = compact(**_context(configuration.gateway))
    if configuration.policies:
        context |= compact(teams=sorted(team.name for team in configuration.teams))
    return compact(policies=[_policy(one, operations) for one in configuration.policies], policy_context=context)


def _context(gateway: GatewaySettings) -> dict[str, Any]:
    return {"time_zone": gateway.time_zone, "claims": dict(gateway.claims)}


def _policy(policy: Policy, operations: Operations) -> dict[str, Any]:
    written = write_cedar(policy, operations)
    return compact(
        name=policy.name,
        cedar=written.text,
        statements=written.statements,
        mode=None if policy.mode == "enforce" else policy.mode,
        reason=policy.reason,
    )


def write_cedar(policy: Policy, operations: Operations) -> Written:
    """A policy in Cedar's words: those it was written in, or those that its short form stands for."""
    body = policy.body
    if isinstance(body, Passage):
        return Written(body.text, None, ((1, body),))
    lines: list[str] = []
    passages: list[tuple[int, Passage]] = []
    callers = list(_callers(body.scope)) or ["principal"]
    for caller in callers:
        lines += [f"{body.effect} (", f"  {caller},", f"  {_action(operations.of(body.scope))},", "  resource", ")"]
        passages += _conditions(body, lines)
        lines[-1] += ";"
    return Written("\n".join(lines) + "\n", len(callers), tuple(passages))


def _callers(scope: Scope) -> Iterator[str]:
    """A caller is in its profiles and its team; several are several statements, any of which may match."""
    for kind, references in (("Profile", scope.profiles), ("App", scope.apps), ("Team", scope.teams)):
        yield from (f"principal in {kind}::{_quoted(one)}" for one in dict.fromkeys(ref.name for ref in references))


def _action(ids: list[str] | None) -> str:
    if ids is None:
        return "action"
    return f"action in [{', '.join(f'Action::{_quoted(one)}' for one in ids)}]"


def _conditions(rule: Rule, lines: list[str]) -> Iterator[tuple[int, Passage]]:
    for word, passage in (("when", rule.when), ("unless", rule.unless)):
        if passage is not None:
            # A line of its own: a comment at the end of the expression must not take the brace with it.
            lines.append(f"{word} {{")
            yield len(lines) + 1, passage
            lines += [*passage.text.split("\n"), "}"]


def _quoted(name: str) -> str:
    return json.dumps(name)

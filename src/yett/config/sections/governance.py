"""`governance`: what must hold of an API before it is published."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from yett.config.sections.base import At, Shape
from yett.model.governance import Changes, From, Gate, Governance, LifecycleStep, Serve, Then


class GateShape(Shape):
    """A condition bound to a step of an API's life: a ruleset, or a kind of changes."""

    on: LifecycleStep
    """When it is asked: `create` of an API that was not published before, `update` of one whose contract is not the
    published one, `publish` always."""
    ruleset: Annotated[str, Field(min_length=1)] | None = None
    """Name of a ruleset, such as `yett:recommended`, or its path relative to this file."""
    from_: From | None = Field(default=None, alias="from")
    """The least severity that counts; absent means `error`."""
    changes: Changes | None = None
    """Changes since what was published last: `breaking`, or `breaking-without-major` for those that the version does
    not tell."""
    then: Then
    """What follows: `warn` tells it, `require-waiver` blocks what nobody has waived, `block` blocks, waived or not."""


class GovernanceShape(Shape):
    """What must hold of an API before it is published, and what may be served."""

    gates: Annotated[list[GateShape], Field(default_factory=list, max_length=100)]
    """Conditions on publishing."""
    serve: Serve = "any"
    """With `published`, only contracts as they were published with `yett publish` are served."""


def build_governance(shape: GovernanceShape, at: At) -> Governance:
    """The governance that stands at `at`."""
    gates = tuple(_gate(one, at / "gates" / index) for index, one in enumerate(shape.gates))
    seen: dict[tuple[object, ...], Gate] = {}
    for index, gate in enumerate(gates):
        key = (gate.on, gate.ruleset, gate.least, gate.changes)
        if key in seen:
            hint = f"take one away; the other one stands at {seen[key].place}"
            (at / "gates" / index).report("gate-twice", "this gate asks what another one asks already", hint)
        seen.setdefault(key, gate)
    return Governance(gates, shape.serve, at.place)


def _gate(shape: GateShape, at: At) -> Gate:
    if (shape.ruleset is None) == (shape.changes is None):
        at.report(
            "gate-malformed", "a gate has either a `ruleset` or `changes`", "write one of them; two gates for two"
        )
    if shape.changes is not None:
        _check_changes(shape, at)
    ruleset = shape.ruleset
    if ruleset is not None and ":" not in ruleset:
        ruleset = at.path(ruleset)
        at.findings.files.add(ruleset)
    return Gate(shape.on, shape.then, ruleset, shape.from_ or "error", shape.changes, at.place)


def _check_changes(shape: GateShape, at: At) -> None:
    if shape.on == "create":
        message = "what was not published before has not changed: this gate can never hold anything up"
        (at / "on").report("gate-impossible", message, "write `on: update` or `on: publish`")
    if shape.then == "require-waiver":
        message = "waivers are of rules, and no change can be waived"
        (at / "then").report("gate-impossible", message, "write `warn` or `block`")
    if shape.from_ is not None:
        (at / "from").report("gate-malformed", "`from` is for rulesets", "take it away")

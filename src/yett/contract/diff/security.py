"""What credentials an operation asks for, compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yett.contract.diff.collector import Collector
    from yett.contract.diff.sides import Side
    from yett.contract.node import Node

Alternatives = dict[frozenset[str], frozenset[str]]
"""By the schemes that are needed together: the scopes they need."""


def compare_security(sides: tuple[Side, Side], collector: Collector, old: Node, new: Node, name: str) -> None:
    """Compare the requirements in force for two operations, their own or the contract's."""
    before, after = _alternatives(sides[0], old), _alternatives(sides[1], new)
    none: frozenset[str] = frozenset()
    open_before, open_after = not before or none in before, not after or none in after
    if open_before and not open_after:
        collector.add("security-required", old=old, new=new, name=name)
        return
    if open_before:
        return
    for schemes in dict.fromkeys([*before, *after]):
        label = " with ".join(sorted(schemes)) or "nobody's word"
        if schemes not in before:
            collector.add("security-added", old=old, new=new, after=label, name=name)
        elif schemes not in after:
            # Where no credential is needed any more, whoever has one is welcome all the same.
            kind = "security-scope-removed" if open_after else "security-removed"
            collector.add(kind, old=old, new=new, before=label, name=name)
        else:
            for scope in sorted(after[schemes] - before[schemes]):
                collector.add("security-scope-added", old=old, new=new, after=scope, name=name)
            for scope in sorted(before[schemes] - after[schemes]):
                collector.add("security-scope-removed", old=old, new=new, before=scope, name=name)


def compare_schemes(sides: tuple[Side, Side], collector: Collector) -> None:
    """Compare the security schemes that the contracts describe."""
    before, after = (dict(side.children(side.child(side.root, "components"), "securitySchemes")) for side in sides)
    for name in dict.fromkeys([*before, *after]):
        one, other = before.get(name), after.get(name)
        if one is None or other is None:
            kind = "security-scheme-added" if one is None else "security-scheme-removed"
            collector.add(kind, old=one, new=other, name=name)
        elif _manner(one) != _manner(other):
            collector.add(
                "security-scheme-changed", old=one, new=other, before=_manner(one), after=_manner(other), name=name
            )


def _manner(scheme: Node) -> str:
    """How a credential is sent, in words."""
    said = (scheme.value.get(key) for key in ("type", "scheme", "in", "name", "openIdConnectUrl"))
    return " ".join(one for one in said if isinstance(one, str))


def _alternatives(side: Side, operation: Node) -> Alternatives:
    holder = operation if "security" in operation.value else side.root
    found: Alternatives = {}
    for entry in side.reader.items(holder, "security") if holder is not None else ():
        if isinstance(entry.value, dict):
            scopes = {
                scope for listed in entry.value.values() if isinstance(listed, list) for scope in map(str, listed)
            }
            found[frozenset(map(str, entry.value))] = frozenset(scopes)
    return found

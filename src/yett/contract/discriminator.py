"""Discriminators: one property tells which schema a value must fit, so that errors speak of that schema alone.

Where the property is missing, the `oneOf` or `anyOf` beside the discriminator decides as if it were not there. A value
that names no schema is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yett.contract.definitions import Definitions, component_name
from yett.contract.node import Node
from yett.contract.resolver import walk

if TYPE_CHECKING:
    from yett.contract.reader import Reader
    from yett.contract.references import References
    from yett.contract.scope import Scope, Unit

# The schema for each value of the property.
Cases = dict[str, Node]


class Discriminators:
    """Turns discriminators of one direction into chains of `if` and `then`."""

    def __init__(self, reader: Reader, references: References, definitions: Definitions) -> None:
        self.reader = reader
        self.references = references
        self.definitions = definitions
        self._children: dict[int, list[Node]] | None = None

    def apply(self, node: Node, out: dict[str, Any], scope: Scope, *, is_plain: bool) -> None:
        """Add the chain for the discriminator of the schema at `node` to `out`; a plain schema loses its subtypes."""
        union = next((key for key in ("oneOf", "anyOf") if key in out), None)
        if is_plain:
            if union is not None:
                del out[union]
            return
        discriminator = self.reader.entry(node, "discriminator", dict)
        name = None if discriminator is None else self.reader.text(discriminator, "propertyName")
        if discriminator is None or name is None:
            hint = "name the property: discriminator: {propertyName: ...}"
            self.reader.report.error(node, "discriminator", "the discriminator names no property", hint)
            return
        implicit = self._subtypes(node) if union is None else self._members(node.child(union))
        if implicit is None:
            return
        cases = {**implicit, **self._mapping(discriminator)}
        if cases:
            self._add_chain(node, discriminator, name, cases, out, scope.unit, union)

    def _add_chain(
        self,
        node: Node,
        discriminator: Node,
        name: str,
        cases: Cases,
        out: dict[str, Any],
        unit: Unit,
        union: str | None,
    ) -> None:
        branches = [
            {"if": {"properties": {name: {"const": value}}}, "then": {"$ref": self.references.point_to(case, unit)}}
            for value, case in cases.items()
            if case.value is not node.value
        ]
        values = [*cases, *([own] if union is None and (own := component_name(node)) and own not in cases else [])]
        rest: Any = {union: out.pop(union)} if union is not None else True
        default = self._named(discriminator, "defaultMapping") if "defaultMapping" in discriminator.value else None
        known: dict[str, Any] = {"enum": values}
        condition: dict[str, Any] = {"type": "object", "required": [name]}
        if default is not None:
            condition["properties"] = {name: known}
            rest = {"$ref": self.references.point_to(default, unit)}
        chain: list[Any] = [] if default is not None else [{"properties": {name: known}}]
        if branches or rest is not True:
            chain.append({"if": condition, "then": {"allOf": branches} if branches else True, "else": rest})
        out["allOf"] = [*out.get("allOf", []), *chain]

    def _members(self, union: Node) -> Cases | None:
        """Return the members of a union by the names of their components; `None` where one is not a reference."""
        cases: Cases = {}
        for index, member in enumerate(union.value):
            if not isinstance(member, dict) or "$ref" not in member:
                return None
            target = self.reader.resolver.quiet_target(union.child(index).child("$ref"))
            if target is None:
                return None
            cases[component_name(target) or ""] = target
        cases.pop("", None)
        return cases

    def _mapping(self, discriminator: Node) -> Cases:
        cases: Cases = {}
        for entry in self.reader.entries(discriminator, "mapping"):
            target = self._target(entry)
            if target is not None:
                cases[str(entry.key)] = target
        return cases

    def _named(self, discriminator: Node, key: str) -> Node | None:
        return self._target(discriminator.child(key))

    def _target(self, entry: Node) -> Node | None:
        """Return what a mapping leads to: the name of a component, or a reference."""
        if not self.reader.has_type(entry, str):
            return None
        component = walk(entry.source.root, ["components", "schemas", entry.value])
        return component or self.reader.resolver.target(entry)

    def plain_supertype(self, member: Node, scope: Scope) -> Any:
        """Return the reference to the plain form of a supertype, where an `allOf` member of a subtype refers to it.

        Without this, the supertype would send the value back to the subtype, for ever.
        """
        owner = scope.unit.owner
        if (
            owner is None
            or scope.resource is not None
            or not isinstance(member.value, dict)
            or "$ref" not in member.value
        ):
            return None
        target = self.reader.resolver.quiet_target(member.child("$ref"))
        if target is None or not isinstance(target.value, dict) or "discriminator" not in target.value:
            return None
        if not any(case.value is owner.value for case in self._all_cases(target)):
            return None
        return {"$ref": self.references.point_to(target, scope.unit, plain=True)}

    def _all_cases(self, target: Node) -> list[Node]:
        cases = list(self._subtypes(target).values())
        for key in ("oneOf", "anyOf"):
            if isinstance(target.value.get(key), list):
                cases.extend((self._members(target.child(key)) or {}).values())
        return cases

    def _subtypes(self, node: Node) -> Cases:
        """Return the components that build on `node` by `allOf`, at whatever distance, by name."""
        found: dict[int, Node] = {}
        pending = [node]
        while pending:
            for child in self._children_of(pending.pop()):
                if id(child.value) not in found:
                    found[id(child.value)] = child
                    pending.append(child)
        return {component_name(child) or "": child for child in found.values()}

    def _children_of(self, node: Node) -> list[Node]:
        if self._children is None:
            self._children = self._find_children(node)
        return self._children.get(id(node.value), [])

    def _find_children(self, node: Node) -> dict[int, list[Node]]:
        children: dict[int, list[Node]] = {}
        schemas = walk(node.source.root, ["components", "schemas"])
        if schemas is None or not isinstance(schemas.value, dict):
            return children
        for child in map(schemas.child, schemas.value):
            for parent in self._parents(child):
                children.setdefault(id(parent.value), []).append(child)
        return children

    def _parents(self, child: Node) -> list[Node]:
        members = child.value.get("allOf") if isinstance(child.value, dict) else None
        if not isinstance(members, list):
            return []
        node = child.child("allOf")
        parts = [node.child(index) for index in range(len(members))]
        refs = [part.child("$ref") for part in parts if isinstance(part.value, dict) and "$ref" in part.value]
        return [target for ref in refs if (target := self.reader.resolver.quiet_target(ref)) is not None]

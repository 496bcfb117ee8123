"""The schemas of a contract in one direction, as the engine needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yett.contract.converter import Converter
from yett.contract.definitions import Definitions
from yett.contract.direction import Direction, Hidden
from yett.contract.loops import Problem, Weights
from yett.contract.references import References
from yett.contract.scope import Scope, Unit
from yett.contract.shapes import Shapes

if TYPE_CHECKING:
    from yett.contract.identifiers import Identifiers
    from yett.contract.node import Node
    from yett.contract.reader import Reader

_PROBLEMS: dict[Problem, tuple[str, str, str]] = {
    "loop": (
        "schema-loop",
        "the schema refers back to itself without looking at a part of the value",
        "put a property or an item between the schema and its own reference",
    ),
    "chain": (
        "schema-chain",
        "the chain of references and allOf is too long",
        "let schemas refer to their final definition",
    ),
    "weight": (
        "schema-weight",
        "too many schemas look at the same value",
        "replace the nested allOf, anyOf and oneOf by fewer schemas",
    ),
}


class Schemas:
    """Converts schemas of one direction; shared ones are collected in `definitions`."""

    def __init__(
        self, direction: Direction, reader: Reader, identifiers: Identifiers, *, is_3_0: bool, asserts_formats: bool
    ) -> None:
        self.reader = reader
        self.asserts_formats = asserts_formats
        self.definitions = Definitions(direction)
        references = References(reader, is_3_0, self.definitions, identifiers)
        hidden = Hidden(direction, reader.resolver)
        self.converter = Converter(reader, is_3_0, self.definitions, hidden, references)
        self.shapes = Shapes(self.definitions.address, self.definitions.schemas)

    def convert(self, node: Node, unit: Unit) -> Any:
        """Return the schema at `node` of an operation; `unit` remembers what it refers to."""
        schema = self.converter.schema(node, self._scope(unit, node))
        self._convert_pending()
        return schema

    def shape(self, schema: Any) -> dict[str, Any]:
        """Return the shape of a converted schema."""
        return self.shapes.shape(schema)

    def types(self, schema: Any) -> frozenset[str]:
        """Return the types that a converted schema allows; empty where nothing is known."""
        return self.shapes.types(schema)

    def check(self) -> None:
        """Note every shared schema that cannot be evaluated."""
        weights = Weights(self.definitions.address, self.definitions.schemas)
        for name, unit in self.definitions.units.items():
            problem = weights.problem(name)
            if problem is not None and unit.owner is not None:
                self.reader.report.error(unit.owner, *_PROBLEMS[problem])

    def reached(self, unit: Unit) -> set[str]:
        """Return the names of all shared schemas that `unit` leads to."""
        found: set[str] = set()
        pending = list(unit.refers_to)
        while pending:
            name = pending.pop()
            if name not in found:
                found.add(name)
                pending.extend(self.definitions.units[name].refers_to)
        return found

    def _convert_pending(self) -> None:
        pending = self.definitions.pending
        while pending:
            name, node, is_plain = pending.pop()
            self.converter.plain = node.value if is_plain else None
            scope = self._scope(self.definitions.units[name], node)
            self.definitions.schemas[name] = self.converter.schema(node, scope)

    def _scope(self, unit: Unit, node: Node) -> Scope:
        is_shared = len(node.path) == 3 or node.parent is None
        return Scope(unit, node.source.base, asserts_formats=self.asserts_formats, is_shared=is_shared)

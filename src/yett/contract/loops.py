"""Checks that converted schemas can be evaluated: no schema asks itself about the same value, none grows beyond bounds.

Two schemas are joined where the second looks at the very value that the first looks at: by `$ref`, `allOf` and the
like. A circle of joins never ends, a long chain of them exhausts a stack, a lattice of them takes exponential time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

from yett.contract.keywords import IN_PLACE, IN_PLACE_LISTS
from yett.contract.resolver import walk_value
from yett.contract.sources import join_uri
from yett.documents import split_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_WEIGHT = 20_000
MAX_CHAIN = 100

Problem = Literal["loop", "chain", "weight"]

# A schema and the base URI of the references in it.
_Located = tuple[Any, str]


class Weights:
    """How many schemas look at one value, for the definitions at `address`."""

    def __init__(self, address: str, definitions: Mapping[str, Any]) -> None:
        self.address = address
        self.definitions = definitions
        self.resources: dict[str, Any] = {address: {"$defs": definitions}}
        # Weight and chain length of each schema that has been looked at; `None` while it is being looked at.
        self.known: dict[int, tuple[int, int] | None] = {}
        self._find_resources()

    def _find_resources(self) -> None:
        stack = list(self.definitions.values())
        while stack:
            value = stack.pop()
            if isinstance(value, dict):
                if isinstance(value.get("$id"), str):
                    self.resources.setdefault(value["$id"], value)
                stack.extend(value.values())
            elif isinstance(value, list):
                stack.extend(value)

    def problem(self, name: str) -> Problem | None:
        """Return what keeps a definition from being evaluated, or `None`."""
        root = self.definitions[name]
        if not isinstance(root, dict):
            return None
        if id(root) not in self.known and not self._weigh_all((root, self.address)):
            return "loop"
        known = self.known[id(root)]
        if known is None:
            return "loop"
        weight, chain = known
        return "chain" if chain > MAX_CHAIN else "weight" if weight > MAX_WEIGHT else None

    def _weigh_all(self, root: _Located) -> bool:
        """Weigh a schema and everything joined to it; false where that leads back to itself.

        The stack is explicit, because a chain of references may be longer than the interpreter's own stack.
        """
        self.known[id(root[0])] = None
        stack = [(root, self._joined(*root))]
        while stack:
            located, joined = stack[-1]
            following = next(joined, None)
            if following is None:
                stack.pop()
                self.known[id(located[0])] = self._weigh(located)
            elif id(following[0]) not in self.known:
                self.known[id(following[0])] = None
                stack.append((following, self._joined(*following)))
            elif self.known[id(following[0])] is None:
                return False
        return True

    def _weigh(self, located: _Located) -> tuple[int, int]:
        weight, chain = 1, 1
        for schema, _ in self._joined(*located):
            other = self.known[id(schema)] or (0, 0)
            # Bounded, so that the numbers themselves stay small.
            weight = min(weight + other[0], MAX_WEIGHT + 1)
            chain = max(chain, other[1] + 1)
        return weight, chain

    def _joined(self, schema: dict[str, Any], base: str) -> Iterator[_Located]:
        base = schema.get("$id", base)
        for located in self._candidates(schema, base):
            if isinstance(located[0], dict):
                yield located

    def _candidates(self, schema: dict[str, Any], base: str) -> Iterator[_Located]:
        for key in ("$ref", "$dynamicRef"):
            if key in schema:
                yield self._target(schema[key], base)
        for key in IN_PLACE:
            yield schema.get(key), base
        for key in IN_PLACE_LISTS:
            for member in schema.get(key, ()):
                yield member, base
        for member in schema.get("dependentSchemas", {}).values():
            yield member, base

    def _target(self, reference: str, base: str) -> _Located:
        address, _, fragment = reference.partition("#")
        uri = address if address in self.resources else join_uri(base, address) if address else base
        resource = self.resources.get(uri)
        if fragment and not fragment.startswith("/"):
            return None, base
        return walk_value(resource, split_pointer(unquote(fragment))), uri

"""Names the shared schemas of one direction, and remembers which are still to be converted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from yett.contract.scope import Unit
from yett.documents import join_pointer

if TYPE_CHECKING:
    from yett.contract.direction import Direction
    from yett.contract.node import Node


class Definitions:
    """The `$defs` of `urn:yett:request` or `urn:yett:response`, filled as references ask for them."""

    def __init__(self, direction: Direction) -> None:
        self.address = f"urn:yett:{direction}"
        self.schemas: dict[str, Any] = {}
        self.units: dict[str, Unit] = {}
        self.pending: list[tuple[str, Node, bool]] = []
        self._names: dict[tuple[int, bool], str] = {}
        self._keep_alive: list[Node] = []

    def name_of(self, node: Node, *, base: bool = False) -> str:
        """Return the name of the shared schema at `node`; `base` asks for the variant that leaves out its subtypes."""
        key = (id(node.value), base) if isinstance(node.value, dict | list) else (id(node), base)
        name = self._names.get(key)
        if name is None:
            name = self._unused(_name_for(node) + ("~base" if base else ""))
            self._names[key] = name
            self._keep_alive.append(node)
            self.units[name] = Unit(owner=node)
            self.schemas[name] = True
            self.pending.append((name, node, base))
        return name

    def reference(self, name: str, path: tuple[str | int, ...] = ()) -> str:
        """Return the reference to a shared schema, or to a part of it."""
        return self.address + "#" + quote(join_pointer(("$defs", name, *path)), safe="/~!$&'()*+,;=:@?")

    def _unused(self, wanted: str) -> str:
        name, number = wanted, 2
        while name in self.schemas:
            name, number = f"{wanted}~{number}", number + 1
        return name


def component_name(node: Node) -> str | None:
    """Return the name of an entry of `components.schemas`; `None` for any other node."""
    path = node.path
    return str(path[2]) if len(path) == 3 and path[:2] == ("components", "schemas") else None


def _name_for(node: Node) -> str:
    file = node.source.name.rsplit("/", 1)[-1]
    return component_name(node) or file + join_pointer(node.path)

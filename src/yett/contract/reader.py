"""Typed access to the objects of a contract: what has the wrong type is noted and read as if it were absent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yett.contract.node import Node
    from yett.contract.report import Report
    from yett.contract.resolver import Resolver

_NAMES: dict[type, str] = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", int: "a whole number"}


class Reader:
    """Reads entries of mappings; `resolver` follows references, `report` takes what is wrong."""

    def __init__(self, resolver: Resolver, report: Report) -> None:
        self.resolver = resolver
        self.report = report

    def has_type(self, node: Node, kind: type) -> bool:
        """Whether the value is of `kind`; noted where it is not."""
        if isinstance(node.value, kind) and not (kind is int and isinstance(node.value, bool)):
            return True
        found = "null" if node.value is None else _NAMES.get(type(node.value), "a number")
        message = f"{node.key or 'the document'} must be {_NAMES[kind]}, not {found}"
        hint = "quote it, so that it is read as text" if kind is str else f"write {_NAMES[kind]} here"
        self.report.error(node, "wrong-type", message, hint)
        return False

    def entry(self, node: Node, key: str, kind: type) -> Node | None:
        """Return the entry under `key` if it is there and of `kind`."""
        if key not in node.value:
            return None
        child = node.child(key)
        return child if self.has_type(child, kind) else None

    def text(self, node: Node, key: str) -> str | None:
        """Return the text under `key`, or `None`."""
        child = self.entry(node, key, str)
        return None if child is None else child.value

    def flag(self, node: Node, key: str, default: bool = False) -> bool:
        """Return the boolean under `key`, or `default`."""
        child = self.entry(node, key, bool)
        return default if child is None else bool(child.value)

    def entries(self, node: Node, key: str) -> Iterator[Node]:
        """Walk the entries of the mapping under `key`, extensions (`x-`) left out."""
        child = self.entry(node, key, dict)
        if child is not None:
            for name in child.value:
                if not name.startswith("x-"):
                    yield child.child(name)

    def items(self, node: Node, key: str) -> Iterator[Node]:
        """Walk the items of the list under `key`."""
        child = self.entry(node, key, list)
        if child is not None:
            for index in range(len(child.value)):
                yield child.child(index)

    def object_at(self, node: Node) -> Node | None:
        """Return the mapping at `node`, its references followed."""
        found = self.resolver.follow(node)
        return found if found is not None and self.has_type(found, dict) else None

"""A value of a contract together with where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from yett.documents import Document


class Source:
    """One file of a contract: `name` for diagnostics, `path` with every symbolic link resolved."""

    __slots__ = ("base", "document", "name", "path", "root", "targets")

    def __init__(self, name: str, path: Path, document: Document, base: str) -> None:
        self.name = name
        self.path = path
        self.document = document
        self.base = base
        self.root = Node(document.value, self, None, "")
        # What each `$ref` text found in this file leads to.
        self.targets: dict[str, Node | None] = {}


class Node:
    """A value, the node it stands in and the key it stands under. Cheap to make: its path is joined on demand."""

    __slots__ = ("key", "parent", "source", "value")

    def __init__(self, value: Any, source: Source, parent: Node | None, key: str | int) -> None:
        self.value = value
        self.source = source
        self.parent = parent
        self.key = key

    def child(self, key: str | int) -> Node:
        """Return the entry under `key`, which must exist."""
        return Node(self.value[key], self.source, self, key)

    @property
    def path(self) -> tuple[str | int, ...]:
        """The keys that lead here from the root of the file."""
        parts: list[str | int] = []
        node = self
        while node.parent is not None:
            parts.append(node.key)
            node = node.parent
        return tuple(reversed(parts))

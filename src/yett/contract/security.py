"""Security requirements: which operations are public, and which keys of the upstream travel as parameters.

Who may call is decided by the gateway's own profiles; the contract's schemes belong to the upstream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yett.contract.node import Node
    from yett.contract.reader import Reader

_STYLES = {"query": "form", "cookie": "form"}


class Security:
    """Answers for the operations of one document."""

    def __init__(self, reader: Reader, root: Node) -> None:
        self.reader = reader
        self.root = root
        self.keys = self._read_keys(root)

    def _read_keys(self, root: Node) -> dict[str, dict[str, Any]]:
        """Return the schemes that send a key in the query or a cookie, as optional parameters."""
        components = self.reader.entry(root, "components", dict)
        keys: dict[str, dict[str, Any]] = {}
        for entry in () if components is None else self.reader.entries(components, "securitySchemes"):
            node = self.reader.object_at(entry)
            if node is not None and node.value.get("type") == "apiKey":
                location, name = self.reader.text(node, "in"), self.reader.text(node, "name")
                if location in _STYLES and name:
                    keys[str(entry.key)] = _parameter(name, location)
        return keys

    def _requirements(self, operation: Node) -> list[Node]:
        owner = operation if "security" in operation.value else self.root
        return [item for item in self.reader.items(owner, "security") if self.reader.has_type(item, dict)]

    def is_public(self, operation: Node) -> bool:
        """Whether the operation itself says that it needs no credential: `security: []`, or only `{}` in the list."""
        if not isinstance(operation.value.get("security"), list):
            return False
        return all(not item.value for item in self._requirements(operation))

    def parameters(self, operation: Node) -> list[dict[str, Any]]:
        """Return the keys that the operation's requirements send as query parameters or cookies."""
        names = dict.fromkeys(name for item in self._requirements(operation) for name in item.value)
        return [self.keys[name] for name in names if name in self.keys]


def _parameter(name: str, location: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": location,
        "style": _STYLES[location],
        "explode": True,
        "shape": {"types": ["string"]},
        "schema": {"type": "string"},
    }

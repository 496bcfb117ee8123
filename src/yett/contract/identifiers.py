"""Where `$id`, `$anchor` and `$dynamicAnchor` name places in a contract (JSON Schema 2020-12, sections 8.2.1-8.2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yett.contract.keywords import KEYWORDS_3_1, Kind
from yett.contract.sources import Sources, join_uri

if TYPE_CHECKING:
    from yett.contract.node import Node, Source

_ONE = (Kind.SCHEMA, Kind.IN_PLACE)
_LISTS = (Kind.SCHEMA_LIST, Kind.IN_PLACE_LIST)
_MAPS = (Kind.PROPERTIES, Kind.PATTERNS, Kind.IN_PLACE_MAP, Kind.DEFINITIONS)


@dataclass(frozen=True, slots=True)
class Place:
    """A named schema, and the shared schema (component or file) it stands in."""

    node: Node
    holder: Node
    dynamic: bool = False


class Identifiers:
    """Finds named schemas; a file is searched when the first reference by name asks for it."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.resources: dict[str, Place] = {}
        self.anchors: dict[tuple[str, str], Place] = {}
        self._searched: set[str] = set()
        self._added: dict[int, Node] = {}

    def resource(self, uri: str) -> Place | None:
        """Return the schema whose `$id` is the absolute `uri`."""
        self._search()
        return self.resources.get(uri)

    def anchor(self, base: str, name: str) -> Place | None:
        """Return the schema that `#name` means in the resource or file `base`."""
        self._search()
        return self.anchors.get((base, name))

    def add(self, node: Node) -> None:
        """Search a schema that stands in an operation."""
        self._search()
        if node.parent is not None and id(node.value) not in self._added:
            self._added[id(node.value)] = node
            self._scan(node)

    def _search(self) -> None:
        for source in list(self.sources.loaded.values()):
            if source.name not in self._searched:
                self._searched.add(source.name)
                for holder in _holders(source):
                    self._scan(holder)

    def _scan(self, holder: Node) -> None:
        stack = [(holder, holder.source.base)]
        while stack:
            node, base = stack.pop()
            if isinstance(node.value, dict):
                base = self._register(node, base, holder)
                stack.extend((child, base) for child in subschemas(node))

    def _register(self, node: Node, base: str, holder: Node) -> str:
        identity = node.value.get("$id")
        if isinstance(identity, str):
            base = join_uri(base, identity)
            self.resources.setdefault(base, Place(node, holder))
        for keyword in ("$anchor", "$dynamicAnchor"):
            name = node.value.get(keyword)
            if isinstance(name, str):
                place = Place(node, holder, dynamic=keyword == "$dynamicAnchor")
                self.anchors.setdefault((base, name), place)
        return base


def _holders(source: Source) -> list[Node]:
    """Return the shared schemas of a file: its components, or the whole file where it is a schema itself."""
    root = source.root
    if not isinstance(root.value, dict):
        return []
    if "openapi" not in root.value:
        return [root]
    components = root.value.get("components")
    schemas = components.get("schemas") if isinstance(components, dict) else None
    if not isinstance(schemas, dict):
        return []
    node = root.child("components").child("schemas")
    return [node.child(name) for name in schemas]


def subschemas(node: Node) -> list[Node]:
    """Return the schemas directly inside the schema `node`."""
    found: list[Node] = []
    for key, value in node.value.items():
        kind = KEYWORDS_3_1.get(key)
        if kind in _ONE:
            found.append(node.child(key))
        elif (kind in _LISTS and isinstance(value, list)) or (kind in _MAPS and isinstance(value, dict)):
            child = node.child(key)
            found.extend(child.child(name) for name in (range(len(value)) if isinstance(value, list) else value))
    return found


def holder_of(node: Node) -> Node:
    """Return the shared schema that a node stands in: the component, or the root of its file."""
    chain = [node]
    while chain[-1].parent is not None:
        chain.append(chain[-1].parent)
    chain.reverse()
    is_component = len(chain) > 3 and chain[1].key == "components" and chain[2].key == "schemas"
    return chain[3] if is_component else chain[0]

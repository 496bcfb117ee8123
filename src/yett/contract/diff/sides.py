"""The two contracts of a comparison, read through the same guarded door as any contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from yett.contract.diff.change import Spot
from yett.contract.node import Node
from yett.contract.reader import Reader
from yett.contract.report import Report
from yett.contract.resolver import Resolver
from yett.contract.sources import Sources
from yett.documents import Limits, join_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from yett.model.diagnostic import Diagnostic


NOTES: Final = frozenset(
    {"title", "description", "example", "examples", "deprecated", "externalDocs", "xml", "$comment", "summary"}
)
"""Keywords that ask for nothing."""


class Side:
    """One of the two contracts."""

    def __init__(self, path: Path, allow: Sequence[Path] = ()) -> None:
        self.report = Report()
        sources = Sources(path, allow, Limits(), self.report, lambda _path: None)
        source = sources.open_root()
        self.reader = Reader(Resolver(sources, self.report), self.report)
        self.root = source.root if source is not None and self.reader.has_type(source.root, dict) else None
        self._merged: dict[int, Node] = {}
        self._folds: dict[int, Node] = {}

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What is wrong with the contract, so far as it was read."""
        return self.report.diagnostics()

    @property
    def version(self) -> str:
        """`info.version`, empty where there is none."""
        info = self.root.value.get("info") if self.root else None
        version = info.get("version") if isinstance(info, dict) else None
        return version if isinstance(version, str) else ""

    def follow(self, node: Node | None) -> Node | None:
        """The mapping that a node is or leads to; `None`, noted, where there is none."""
        return None if node is None else self.reader.object_at(node)

    def child(self, node: Node | None, key: str) -> Node | None:
        """The mapping under `key`, its references followed."""
        if node is None or key not in node.value:
            return None
        return self.follow(node.child(key))

    def children(self, node: Node | None, key: str) -> Iterator[tuple[str, Node]]:
        """The mappings in the mapping under `key`, by name, extensions left out."""
        if node is None:
            return
        for entry in self.reader.entries(node, key):
            if (found := self.follow(entry)) is not None:
                yield str(entry.key), found

    def schema(self, node: Node | None) -> Node | None:
        """A schema as a mapping: references followed, what stands beside a reference laid over what it leads to."""
        for _ in range(32):
            if node is None:
                return None
            if isinstance(node.value, bool):
                return self._instead(node, {} if node.value else {"not": {}})
            if not isinstance(node.value, dict):
                return None
            if "$ref" not in node.value:
                return self._folded(node)
            target = self.reader.resolver.target(node.child("$ref"))
            beside = {key: value for key, value in node.value.items() if key not in {"$ref", "description", "summary"}}
            if target is None or not beside or not isinstance(target.value, dict):
                node = target
                continue
            node = self._instead(node, {**target.value, **beside})
        return None

    def _folded(self, node: Node) -> Node:
        """The schema with a choice between plain types, or between something and null, said by `type` itself."""
        key = next((key for key in ("oneOf", "anyOf") if isinstance(node.value.get(key), list)), None)
        if key is None or "type" in node.value:
            return node
        if id(node.value) not in self._folds:
            # Known before its members are looked at: a schema may be among its own alternatives.
            self._folds[id(node.value)] = node
            self._folds[id(node.value)] = self._fold(node, key)
        return self._folds[id(node.value)]

    def _fold(self, node: Node, key: str) -> Node:
        members = [self.schema(node.child(key).child(index)) for index in range(len(node.value[key]))]
        rest = {name: value for name, value in node.value.items() if name != key}
        plain = [member for member in members if member is not None and set(member.value) - NOTES <= {"type"}]
        types = [one for member in plain for one in named_types(member.value)]
        if members and len(plain) == len(members) and len(types) >= len(members):
            return Node({**rest, "type": types}, node.source, node.parent, node.key)
        others = [member for member in members if member is None or named_types(member.value) != ["null"]]
        if len(others) == 1 and others[0] is not None and len(members) > 1:
            return Node({**others[0].value, **rest, **_with_null(others[0].value)}, node.source, node.parent, node.key)
        return node

    def _instead(self, node: Node, value: dict[str, Any]) -> Node:
        """The same mapping for the same place, whoever asks: what was compared is known by identity."""
        key = id(node.value) if not isinstance(node.value, bool) else hash((node.source.name, node.path))
        if key not in self._merged:
            self._merged[key] = Node(value, node.source, node.parent, node.key)
        return self._merged[key]


def named_types(schema: dict[str, Any]) -> list[str]:
    """What a schema says under `type`, as a list."""
    said = schema.get("type")
    listed = said if isinstance(said, list) else [said]
    return [one for one in listed if isinstance(one, str)]


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    """What makes a schema take null too. Where it names no type, null was never ruled out by one."""
    with_null: dict[str, Any] = {"nullable": True}
    if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
        with_null["enum"] = [*schema["enum"], None]
    return with_null


def spot(node: Node | None) -> Spot | None:
    """Where a node stands."""
    if node is None:
        return None
    pointer = join_pointer(node.path)
    return Spot(node.source.name, node.source.document.line(pointer), pointer)

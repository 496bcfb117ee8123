"""Follows `$ref`: which node a reference leads to, with every way out of the contract closed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from yett.documents import split_pointer

if TYPE_CHECKING:
    from yett.contract.node import Node, Source
    from yett.contract.report import Report
    from yett.contract.sources import Sources

MAX_CHAIN = 32

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


class Resolver:
    """Resolves references between the files of one contract; each text in a file is resolved once."""

    def __init__(self, sources: Sources, report: Report) -> None:
        self.sources = sources
        self.report = report

    def target(self, at: Node) -> Node | None:
        """Return the node that the reference text at `at` (the value of a `$ref`) leads to, one step far.

        `None`, with a diagnostic, where it leads nowhere or where it may not lead.
        """
        reference = at.value
        if not isinstance(reference, str):
            self.report.error(at, "wrong-type", "$ref must be text", "write it as '#/components/...'")
            return None
        targets = at.source.targets
        if reference in targets and targets[reference] is not None:
            return targets[reference]
        found = targets[reference] = self._find(reference, at)
        return found

    def quiet_target(self, at: Node) -> Node | None:
        """As `target`, for a look ahead: what is wrong is told by whoever reads the reference itself."""
        if not isinstance(at.value, str):
            return None
        with self.report.muted():
            return at.source.targets.get(at.value) or self._find(at.value, at)

    def follow(self, node: Node) -> Node | None:
        """Return `node`, or what its chain of `$ref`s ends in; `None`, with a diagnostic, where it does not end."""
        for _ in range(MAX_CHAIN):
            if not (isinstance(node.value, dict) and "$ref" in node.value):
                return node
            at = node.child("$ref")
            found = self.target(at)
            if found is None:
                return None
            node = found
        hint = "let the reference lead to a definition that is not itself a reference"
        self.report.error(at, "ref-cycle", "the chain of references does not end", hint)
        return None

    def source_of(self, address: str, at: Node) -> Source | None:
        """Return the file that a reference without its fragment names."""
        if not address:
            return at.source
        for source in self.sources.loaded.values():
            if address == source.base:
                return source
        if has_scheme(address) or address.startswith("//"):
            hint = "save the document beside the contract and refer to it by a relative path"
            self.report.error(
                at, "ref-remote", f"{address!r} is not fetched: references stay within the contract", hint
            )
            return None
        return self.sources.open(address, at)

    def _find(self, reference: str, at: Node) -> Node | None:
        address, _, fragment = reference.partition("#")
        source = self.source_of(address, at)
        if source is None:
            return None
        try:
            parts = split_pointer(unquote(fragment))
        except ValueError:
            hint = "write the fragment as a JSON pointer: '#/components/...'"
            self.report.error(at, "ref-unresolved", f"{reference!r} names no place in a document", hint)
            return None
        return self._walk(source, parts, reference, at)

    def _walk(self, source: Source, parts: list[str], reference: str, at: Node) -> Node | None:
        node = walk(source.root, parts)
        if node is None:
            hint = "check the spelling; a reference leads to a place in the file as it is written"
            self.report.error(at, "ref-unresolved", f"{reference!r} leads nowhere", hint)
        return node


def has_scheme(address: str) -> bool:
    """Whether a URI reference is absolute."""
    return _SCHEME.match(address) is not None


def walk(node: Node, parts: list[str]) -> Node | None:
    """Return the node that a path leads to from `node`, or `None`."""
    for part in parts:
        value = node.value
        if isinstance(value, dict) and part in value:
            node = node.child(part)
        elif (
            isinstance(value, list) and part.isascii() and part.isdigit() and len(part) < 10 and int(part) < len(value)
        ):
            node = node.child(int(part))
        else:
            return None
    return node


def walk_value(value: Any, parts: list[str]) -> Any:
    """As `walk`, for a plain value; `None` where the path leads nowhere."""
    for part in parts:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isascii() and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value

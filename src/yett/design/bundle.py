"""One document out of the files of a contract: what stands elsewhere becomes a component, named as it was there."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from yett.contract.definitions import component_name
from yett.contract.identifiers import Identifiers
from yett.contract.report import Report
from yett.contract.resolver import Resolver, has_scheme, walk
from yett.contract.sources import Sources, join_uri
from yett.design.copies import fresh
from yett.design.spots import Spot, kind_of_document, spot_below
from yett.documents import Limits, join_pointer
from yett.model.diagnostic import has_errors

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from yett.contract.node import Node
    from yett.model.diagnostic import Diagnostic

_UNNAMED: Final = re.compile(r"[^A-Za-z0-9._-]+")
_MOST_INLINED: Final = 32

# Where a value of an external file is: its file, and the way to it.
_Where = tuple[str, tuple[str | int, ...]]


def bundle(path: Path, allow: Sequence[Path] = ()) -> tuple[dict[str, Any] | None, tuple[Diagnostic, ...]]:
    """The contract at `path` as one document, or `None` and what is wrong; warnings may come with a document.

    Files are read as `load_contract` reads them: from the contract's own folder and below, and from the folders in
    `allow`; nothing is fetched.
    """
    report = Report()
    sources = Sources(path, allow, Limits(), report, lambda _path: None)
    root = sources.open_root()
    if root is None:
        return None, report.diagnostics()
    if not isinstance(root.root.value, dict) or "openapi" not in root.root.value:
        hint = "name the file that has openapi: 3.x.y"
        report.error(root.root, "unsupported-version", "the document is no OpenAPI contract", hint)
        return None, report.diagnostics()
    made = _Bundle(Resolver(sources, report), Identifiers(sources), report, root.root).document()
    found = report.diagnostics()
    return (None if has_errors(found) else made), found


class _Bundle:
    def __init__(self, resolver: Resolver, identifiers: Identifiers, report: Report, root: Node) -> None:
        self.resolver = resolver
        self.identifiers = identifiers
        self.report = report
        self.root = root
        self.names: dict[_Where, tuple[str, str]] = {}
        self.waiting: deque[tuple[Node, str, str]] = deque()
        self.taken: dict[str, set[str]] = {}

    def document(self) -> dict[str, Any]:
        """The root with every reference kept within, and what they led to among its components."""
        self._take_names()
        document: dict[str, Any] = self._copy(self.root, kind_of_document())
        while self.waiting:
            node, kind, name = self.waiting.popleft()
            components = document.setdefault("components", {})
            components.setdefault(kind, {})[name] = self._copy(node, Spot(kind))
        return document

    def _take_names(self) -> None:
        """Note the names that are taken; a component that only refers to another file gives its name to what is there.

        Then that stands under its name, and not beside it under a second one.
        """
        components = self.root.value.get("components")
        for kind, entries in components.items() if isinstance(components, dict) else ():
            if not isinstance(entries, dict):
                continue
            self.taken[kind] = set(entries)
            holder = self.root.child("components").child(kind)
            for name, entry in entries.items():
                if isinstance(entry, dict) and set(entry) == {"$ref"}:
                    target = self.resolver.quiet_target(holder.child(name).child("$ref"))
                    if target is not None and target.source is not self.root.source:
                        self.names.setdefault(_where(target), (kind, name))

    def _copy(self, node: Node, spot: Spot) -> Any:
        value = node.value
        if isinstance(value, list):
            return [self._copy(node.child(index), spot_below(spot, index)) for index in range(len(value))]
        if not isinstance(value, dict):
            return value
        if spot.is_literal:
            return fresh(value)
        if spot.kind == "mapping":
            return {key: self._mapped(node.child(key)) for key in value}
        if spot.kind == "schemas" and not spot.is_map and isinstance(value.get("$id"), str):
            # References within a resource go by its own address, here as there.
            spot = Spot(spot.kind, in_resource=True)
        if isinstance(value.get("$ref"), str) and not spot.is_map and not spot.in_resource:
            return self._reference(node, spot)
        self._tell_names(node, spot)
        return self._members(node, spot)

    def _members(self, node: Node, spot: Spot) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key in node.value:
            child = node.child(key)
            self._tell_addresses(child, spot)
            if spot.kind == "discriminator" and key == "defaultMapping":
                out[key] = self._mapped(child)
            else:
                out[key] = self._copy(child, spot_below(spot, key, child.value))
        return out

    def _tell_addresses(self, child: Node, spot: Spot) -> None:
        """Warn of addresses that are no references and mean another place once the files are one."""
        is_address = not spot.is_map and child.key in ("operationRef", "externalValue") and isinstance(child.value, str)
        if is_address and not has_scheme(child.value) and not child.value.startswith("#"):
            hint = "write an absolute address, or keep the file beside the bundle"
            message = f"{child.key} stays as it is, and still leads to another file"
            self.report.warning(child, "bundle-address", message, hint)

    def _reference(self, node: Node, spot: Spot) -> Any:
        at = node.child("$ref")
        target = self._target(at)
        if target is None:
            return dict(node.value)
        if target.source is self.root.source and at.source is self.root.source and at.value.startswith("#"):
            return {"$ref": at.value, **self._rest(node, spot)}
        if spot.kind == "pathItems":
            return self._inlined(node, target, spot)
        if target.source is self.root.source:
            return {"$ref": at.value if target is at else _fragment(target.path), **self._rest(node, spot)}
        if self._is_own_component(node, target, spot):
            return self._copy(target, Spot(spot.kind))
        return {"$ref": self._pointer(target, spot.kind), **self._rest(node, spot)}

    def _tell_names(self, node: Node, spot: Spot) -> None:
        """Warn of what a discriminator could not choose before: a schema in a file of its own had no name."""
        if spot.kind != "schemas" or spot.is_map or not isinstance(node.value.get("discriminator"), dict):
            return
        for key in ("oneOf", "anyOf"):
            members = node.value.get(key)
            for index, member in enumerate(members if isinstance(members, list) else ()):
                at = node.child(key).child(index)
                target = self.resolver.quiet_target(at.child("$ref")) if _refers(member) else None
                if target is not None and component_name(target) is None:
                    message = f"{member['$ref']!r} gets a name, by which the discriminator can choose it"
                    hint = "give the schema a name among the components, or name it in the mapping"
                    self.report.warning(at, "bundle-discriminator", message, hint)

    def _rest(self, node: Node, spot: Spot) -> dict[str, Any]:
        """What stands beside a reference."""
        beside = {key: value for key, value in node.value.items() if key != "$ref"}
        return {key: self._copy(node.child(key), spot_below(spot, key, value)) for key, value in beside.items()}

    def _is_own_component(self, node: Node, target: Node, spot: Spot) -> bool:
        """Whether a component is nothing but a reference to what has been given its name."""
        path = node.path
        is_component = node.source is self.root.source and len(path) == 3 and path[0] == "components"
        return is_component and self.names.get(_where(target)) == (spot.kind, path[2]) and len(node.value) == 1

    def _inlined(self, node: Node, target: Node, spot: Spot, depth: int = 0) -> Any:
        """A path item in the place of the reference to it: not every version has a component for it."""
        if depth > _MOST_INLINED:
            hint = "let the reference lead to a path item that is not itself a reference"
            self.report.error(node, "ref-cycle", "the chain of references does not end", hint)
            return {}
        found = target.value
        if isinstance(found, dict) and isinstance(found.get("$ref"), str):
            further = self._target(target.child("$ref"))
            base = {} if further is None else self._inlined(target, further, spot, depth + 1)
        else:
            base = self._members(target, spot) if isinstance(found, dict) else {}
        return {**base, **self._rest(node, spot)}

    def _target(self, at: Node) -> Node | None:
        """What a reference leads to: by its pointer, by an anchor, or the node itself where it goes by an `$id`."""
        place = self._named(at)
        if place is None:
            return self.resolver.target(at)
        return at if at.source is self.root.source is place.source else place

    def _named(self, at: Node) -> Node | None:
        address, _, fragment = at.value.partition("#")
        found = self.identifiers.resource(join_uri(at.source.base, address)) if address else None
        if found is not None and not fragment:
            return found.node
        if found is None and fragment and not fragment.startswith("/"):
            source = self.resolver.source_of(address, at)
            found = None if source is None else self.identifiers.anchor(source.base, fragment)
            return None if found is None else found.node
        return None

    def _pointer(self, target: Node, kind: str) -> str:
        where = _where(target)
        if where not in self.names:
            self.names[where] = (kind, self._free_name(target, kind))
            self.waiting.append((target, *self.names[where]))
            self._take_subtypes(target, kind)
        return _fragment(("components", *self.names[where]))

    def _take_subtypes(self, target: Node, kind: str) -> None:
        """What builds on a schema with a discriminator belongs to it, though nothing may refer to it."""
        if kind != "schemas" or not isinstance(target.value, dict) or "discriminator" not in target.value:
            return
        holder = walk(target.source.root, ["components", "schemas"])
        for name in holder.value if holder is not None and isinstance(holder.value, dict) else ():
            child = holder.child(name) if holder is not None else target
            members = child.value.get("allOf") if isinstance(child.value, dict) else None
            for index, member in enumerate(members if isinstance(members, list) else ()):
                if isinstance(member, dict) and "$ref" in member:
                    parent = self.resolver.quiet_target(child.child("allOf").child(index).child("$ref"))
                    if parent is not None and parent.value is target.value:
                        self._pointer(child, kind)

    def _free_name(self, target: Node, kind: str) -> str:
        told = str(target.path[-1]) if target.path else target.source.path.name.partition(".")[0]
        name = _UNNAMED.sub("_", told) or "_"
        taken = self.taken.setdefault(kind, set())
        free, number = name, 2
        while free in taken:
            free, number = f"{name}_{number}", number + 1
        if free != name:
            message = f"there is more than one {name!r}: this one is {free!r} in the bundle"
            self.report.warning(target, "bundle-renamed", message, "give them different names")
        taken.add(free)
        return free

    def _mapped(self, at: Node) -> Any:
        """An entry of a discriminator's mapping: the name of a schema, or a reference to it."""
        if not isinstance(at.value, str):
            return at.value
        schemas = at.source.root.value.get("components", {}) if isinstance(at.source.root.value, dict) else {}
        named = isinstance(schemas, dict) and at.value in (schemas.get("schemas") or {})
        if named and at.source is self.root.source:
            return at.value
        target = at.source.root.child("components").child("schemas").child(at.value) if named else self._target(at)
        if target is None:
            return at.value
        if target.source is self.root.source:
            return at.value if target is at else _fragment(target.path)
        return self._pointer(target, "schemas")


def _where(node: Node) -> _Where:
    return str(node.source.path), node.path


def _refers(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("$ref"), str)


def _fragment(path: tuple[str | int, ...]) -> str:
    return "#" + quote(join_pointer(path), safe="/~!$&'()*+,;=:@-._")

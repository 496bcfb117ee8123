"""Rewrites the references of schemas: to the shared schemas of a direction, or, inside a resource, not at all."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from yett.contract.identifiers import Identifiers, Place, holder_of
from yett.contract.keywords import METASCHEMAS, OAS_DIALECTS, STANDARD_DIALECT
from yett.contract.resolver import has_scheme, walk
from yett.contract.sources import join_uri
from yett.documents import split_pointer
from yett.documents.problems import shorten

if TYPE_CHECKING:
    from yett.contract.definitions import Definitions
    from yett.contract.node import Node
    from yett.contract.reader import Reader
    from yett.contract.scope import Scope, Unit

_URI = re.compile(r"(?:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*\Z")
_ANCHOR = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*\Z")


class References:
    """Converts the keywords that name places: `$ref`, `$dynamicRef`, `$id`, `$anchor`, `$schema`."""

    def __init__(self, reader: Reader, is_3_0: bool, definitions: Definitions, identifiers: Identifiers) -> None:
        self.reader = reader
        self.report = reader.report
        self.resolver = reader.resolver
        self.is_3_0 = is_3_0
        self.definitions = definitions
        self.identifiers = identifiers

    def enter(self, node: Node, scope: Scope) -> Scope:
        """Return the scope inside a schema that may have an `$id` or a `$schema` of its own."""
        if "$schema" in node.value:
            scope = self._with_dialect(node, scope)
        identity = self.reader.text(node, "$id") if "$id" in node.value else None
        if identity is None:
            return scope
        if scope.resource is None:
            self.identifiers.add(node)
        if identity.partition("#")[2] or not _URI.match(identity):
            hint = "write a URI without a fragment; $anchor names a place"
            self.report.error(node.child("$id"), "invalid-id", f"{shorten(identity)!r} cannot be an $id", hint)
        return replace(scope, resource=node, base=join_uri(scope.base, identity))

    def _with_dialect(self, node: Node, scope: Scope) -> Scope:
        name = self.reader.text(node, "$schema") or STANDARD_DIALECT
        asserts = asserts_formats(name)
        if asserts is None:
            hint = f"use {STANDARD_DIALECT}, or leave $schema out"
            message = f"the dialect {shorten(name)!r} is not known"
            self.report.error(node.child("$schema"), "unsupported-dialect", message, hint)
            return scope
        return replace(scope, asserts_formats=asserts)

    def convert_ref(self, key: str, child: Node, out: dict[str, Any], scope: Scope) -> None:
        """Convert `$ref`; one that leads nowhere is noted and left out."""
        if scope.resource is not None:
            self._keep(key, child, out, scope)
            return
        reference = self.refer(child, scope.unit)
        if reference is not None:
            out["$ref"] = reference

    def convert_dynamic_ref(self, key: str, child: Node, out: dict[str, Any], scope: Scope) -> None:
        """Convert `$dynamicRef`; where it names no dynamic place, it is a plain reference."""
        if scope.resource is not None:
            self._keep(key, child, out, scope)
            return
        place = self._anchor(child)
        if place is None or not place.dynamic:
            reference = self.refer(child, scope.unit)
            if reference is not None:
                out["allOf"] = [*out.get("allOf", []), {"$ref": reference}]
            return
        self._share(place.holder, scope.unit)
        out[key] = f"{self.definitions.address}#{child.value.partition('#')[2]}"

    def convert_anchor(self, key: str, child: Node, out: dict[str, Any], scope: Scope) -> None:
        """Keep `$anchor` inside a resource; elsewhere every reference to it has been rewritten."""
        if self._is_anchor(child) and scope.resource is not None:
            out[key] = child.value

    def convert_dynamic_anchor(self, key: str, child: Node, out: dict[str, Any], scope: Scope) -> None:
        """Keep `$dynamicAnchor` in the original, not in a copy of a part of it."""
        if self._is_anchor(child) and (scope.resource is not None or scope.is_shared):
            out[key] = child.value

    def _is_anchor(self, child: Node) -> bool:
        if not self.reader.has_type(child, str):
            return False
        if not _ANCHOR.match(child.value):
            hint = "start with a letter; use letters, digits, - _ ."
            message = f"{shorten(child.value)!r} cannot name a place"
            self.report.error(child, "invalid-anchor", message, hint)
            return False
        return True

    def refer(self, at: Node, unit: Unit) -> str | None:
        """Return the rewritten form of the reference text at `at`; `None`, with a diagnostic, where it is refused."""
        if not self.is_3_0 and isinstance(at.value, str):
            named = self._named(at, unit)
            if named is not None:
                return named
        target = self.resolver.target(at)
        return None if target is None else self.point_to(target, unit)

    def point_to(self, target: Node, unit: Unit, *, plain: bool = False) -> str:
        """Return the reference to the shared schema at `target`."""
        holder = None if self.is_3_0 else _resource_holder(target)
        if holder is None:
            return self.definitions.reference(self._share(target, unit, plain=plain))
        depth = len(holder.path)
        return self.definitions.reference(self._share(holder, unit), target.path[depth:])

    def _share(self, node: Node, unit: Unit, *, plain: bool = False) -> str:
        name = self.definitions.name_of(node, base=plain)
        unit.refers_to.add(name)
        return name

    def _named(self, at: Node, unit: Unit) -> str | None:
        address, _, fragment = at.value.partition("#")
        if address:
            if address.startswith(METASCHEMAS):
                return str(at.value)
            uri = join_uri(at.source.base, address)
            place = self.identifiers.resource(uri)
            if place is not None:
                self._share(place.holder, unit)
                return f"{uri}#{fragment}" if fragment else uri
        place = self._anchor(at)
        return None if place is None else self.point_to(place.node, unit)

    def _anchor(self, at: Node) -> Place | None:
        if not isinstance(at.value, str):
            return None
        address, _, fragment = at.value.partition("#")
        if not fragment or fragment.startswith("/"):
            return None
        source = self.resolver.source_of(address, at)
        return None if source is None else self.identifiers.anchor(source.base, fragment)

    def _keep(self, key: str, child: Node, out: dict[str, Any], scope: Scope) -> None:
        """Keep a reference inside a resource, having checked that it leads somewhere."""
        if not self.reader.has_type(child, str):
            return
        if not _URI.match(child.value):
            message = f"{shorten(child.value)!r} is not a URI reference"
            self.report.error(child, "ref-unresolved", message, "percent-encode what a URI cannot hold")
            return
        address, _, fragment = child.value.partition("#")
        uri = join_uri(scope.base, address) if address else scope.base
        if not uri.startswith(METASCHEMAS) and not self._leads_somewhere(uri, fragment, scope):
            remote = has_scheme(uri) and uri != scope.base
            hint = "add a schema with this $id to the contract; nothing is fetched" if remote else "check the spelling"
            message = f"{shorten(child.value)!r} leads nowhere"
            self.report.error(child, "ref-remote" if remote else "ref-unresolved", message, hint)
            return
        out[key] = child.value

    def _leads_somewhere(self, uri: str, fragment: str, scope: Scope) -> bool:
        place = self.identifiers.resource(uri)
        resource = scope.resource if uri == scope.base else None
        if place is not None:
            resource = place.node
            if place.holder.value is not (scope.unit.owner.value if scope.unit.owner else None):
                self._share(place.holder, scope.unit)
        if resource is None:
            return False
        if not fragment or fragment.startswith("/"):
            return walk(resource, split_pointer(unquote(fragment))) is not None
        return self.identifiers.anchor(uri, fragment) is not None


def asserts_formats(dialect: str) -> bool | None:
    """Whether a dialect asserts formats; `None` for one that is not known."""
    if dialect.startswith(OAS_DIALECTS):
        return True
    return False if dialect.rstrip("#") == STANDARD_DIALECT else None


def _resource_holder(target: Node) -> Node | None:
    """Return the shared schema around a target that lies inside a resource with an `$id` of its own."""
    node = target.parent
    while node is not None and not (isinstance(node.value, dict) and isinstance(node.value.get("$id"), str)):
        node = node.parent
    if node is None:
        return None
    holder = holder_of(target)
    is_document = holder.parent is None and isinstance(holder.value, dict) and "openapi" in holder.value
    return None if is_document else holder

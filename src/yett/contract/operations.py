"""Path Items become operations."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from yett.contract.bodies import Bodies
from yett.contract.contract import Operation
from yett.contract.declared import declared_examples
from yett.contract.node import Node
from yett.contract.parameters import Key, Parameters
from yett.contract.security import Security
from yett.contract.situation import Situation
from yett.contract.templates import TemplateError, derived_id, template_form, template_names
from yett.contract.variants import join_operations
from yett.documents.problems import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yett.contract.reader import Reader
    from yett.contract.schemas import Schemas

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_OTHER_FIELDS = frozenset({"$ref", "summary", "description", "servers", "parameters", "query", "additionalOperations"})
_EXTENSIONS = ("x-yett-cost", "x-yett-pattern")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_ID = re.compile(r"[^\x00-\x20\x7f]{1,200}\Z")

# The node and the parameters of a path item, and of an operation merged with them.
Found = dict[Key, tuple[Node, dict[str, Any]]]


class Operations:
    """Reads all operations of a contract; `read` may be called once."""

    def __init__(self, reader: Reader, request: Schemas, response: Schemas, *, is_3_2: bool) -> None:
        self.reader = reader
        self.report = reader.report
        self.request = request
        self.response = response
        self.is_3_2 = is_3_2
        self.forms: dict[tuple[str, str], str] = {}
        self.ids: dict[str, Node] = {}
        # What each operation's schemas lead to, with its node: patterns may be waived operation by operation.
        self.situations: list[tuple[Node, Situation]] = []

    def read(self, root: Node) -> tuple[Operation, ...]:
        """Return the operations below `paths`, in the order of the contract."""
        security = Security(self.reader, root)
        operations: dict[tuple[str, str], Operation] = {}
        for entry in self._paths(root):
            names = self._template(entry)
            item = self.reader.object_at(entry) if names is not None else None
            if names is not None and item is not None:
                for operation in self._path_item(entry, item, names, security):
                    self._add(operation, operations)
        return _with_ids(list(operations.values()))

    def _add(self, operation: Operation, operations: dict[tuple[str, str], Operation]) -> None:
        key = (operation.method, template_form(operation.path))
        first = operations.get(key)
        if first is None:
            operations[key] = operation
        else:
            operations[key] = join_operations(first, operation, self.request.shape, self.response.shape)

    def _paths(self, root: Node) -> list[Node]:
        """Return the entries of `paths`, those without a fragment first: they give the operation its id."""
        return sorted(self.reader.entries(root, "paths"), key=lambda entry: "#" in str(entry.key))

    def _template(self, entry: Node) -> list[str] | None:
        try:
            return template_names(_path_of(entry))
        except TemplateError as error:
            hint = "write paths like /books/{id}"
            message = f"{shorten(str(entry.key))!r} is not a path template: {error}"
            self.report.error(entry, "invalid-path", message, hint)
            return None

    def _path_item(self, entry: Node, item: Node, names: list[str], security: Security) -> Iterator[Operation]:
        path = _path_of(entry)
        for method, node in self._methods(entry, item):
            if not self.reader.has_type(node, dict) or self._is_duplicate(method, path, entry, node):
                continue
            situation = Situation(self.reader, self.request, self.response)
            self.situations.append((node, situation))
            parameters = Parameters(situation)
            owners = [item] if entry.value is item.value else [item, entry]
            found: Found = {}
            for owner in (*owners, node):
                found.update(parameters.read_list(owner))
            self._check_path_parameters(node, names, found)
            yield self._operation(method, path, node, found, situation, security)

    def _methods(self, entry: Node, item: Node) -> Iterator[tuple[str, Node]]:
        nodes = {key: item.child(key) for key in item.value}
        if entry.value is not item.value:
            nodes.update({key: entry.child(key) for key in entry.value})
        for key, node in nodes.items():
            if key in METHODS or (key == "query" and self.is_3_2):
                yield key.upper(), node
            elif key == "additionalOperations" and self.is_3_2 and self.reader.has_type(node, dict):
                yield from self._additional(node)
            elif not key.startswith("x-") and (key not in _OTHER_FIELDS or key == "query"):
                hint = f"the methods are {', '.join(METHODS)}, and query from OpenAPI 3.2"
                message = f"{shorten(key)!r} is not a field of a path item: it is ignored"
                self.report.warning(node, "unknown-field", message, hint)

    def _additional(self, node: Node) -> Iterator[tuple[str, Node]]:
        for method in node.value:
            if not _TOKEN.match(method) or method.lower() in (*METHODS, "query"):
                hint = "write further methods here as they are sent: LINK, PROPFIND"
                message = f"{shorten(method)!r} does not belong into additionalOperations"
                self.report.error(node.child(method), "invalid-method", message, hint)
            else:
                yield method.upper(), node.child(method)

    def _is_duplicate(self, method: str, path: str, entry: Node, node: Node) -> bool:
        key = (method, template_form(path))
        first = self.forms.get(key)
        if first is None:
            self.forms[key] = path
            return False
        if "#" in str(entry.key):
            message = f"{method} {shorten(str(entry.key))} is joined with {path}: no request carries a fragment"
            hint = "requests are accepted that fit either description; write one, if they must be told apart"
            self.report.warning(node, "path-fragment", message, hint)
            return path != first
        hint = "keep one of them: no request can tell them apart"
        self.report.error(node, "duplicate-path", f"{method} {path} matches the same requests as {first}", hint)
        return True

    def _check_path_parameters(self, node: Node, names: list[str], found: Found) -> None:
        declared = [name for location, name in found if location == "path"]
        for name in names:
            if name not in declared:
                hint = f"declare it: {{name: {name}, in: path, required: true, schema: ...}}"
                message = f"the path parameter {shorten(name)!r} is not declared"
                self.report.error(node, "undeclared-path-parameter", message, hint)
        for name in declared:
            if name not in names:
                hint = "put {" + name + "} into the path, or remove the parameter"
                message = f"the path has no {{{shorten(name)}}}"
                self.report.error(found["path", name][0], "unused-path-parameter", message, hint)
        queries = [location for location, _ in found if location in ("query", "querystring")]
        if queries.count("querystring") > 1 or len(set(queries)) > 1:
            hint = "describe the query either as a whole or parameter by parameter"
            self.report.error(node, "querystring", "querystring stands beside other query parameters", hint)

    def _operation(
        self, method: str, path: str, node: Node, found: Found, situation: Situation, security: Security
    ) -> Operation:
        bodies = Bodies(situation, Parameters(situation))
        parameters = {key: parameter for key, (_, parameter) in found.items()}
        for parameter in security.parameters(node):
            parameters.setdefault((parameter["in"], parameter["name"]), parameter)
        self._check_extensions(node)
        document = node.source.document
        return Operation(
            operation_id=self._operation_id(node),
            method=method,
            path=path,
            summary=self.reader.text(node, "summary") or "",
            tags=tuple(tag.value for tag in self.reader.items(node, "tags") if self.reader.has_type(tag, str)),
            deprecated=self.reader.flag(node, "deprecated"),
            public=security.is_public(node),
            cost=self._cost(node),
            file=node.source.name,
            line=document.line_at(node.path),
            parameters=tuple(parameters.values()),
            body=bodies.read_body(node),
            responses=tuple(bodies.read_responses(node)),
            examples=declared_examples(self.reader, node, {key: owner for key, (owner, _) in found.items()}),
        )

    def _operation_id(self, node: Node) -> str:
        """Return the id in the contract; empty where there is none that can be used."""
        name = self.reader.text(node, "operationId")
        if name is None:
            return ""
        at = node.child("operationId")
        if not _ID.match(name):
            hint = "use letters, digits, and characters such as / - _ ."
            self.report.error(at, "invalid-operation-id", f"{shorten(name)!r} cannot be an operation id", hint)
        elif name in self.ids:
            line = at.source.document.line_at(self.ids[name].path)
            message = f"the operation id {shorten(name)!r} is already used in line {line}"
            self.report.error(at, "duplicate-operation-id", message, "give each operation an id of its own")
        self.ids.setdefault(name, at)
        return name

    def _check_extensions(self, node: Node) -> None:
        for key in node.value:
            if key.startswith("x-yett-") and key not in _EXTENSIONS:
                hint = f"the extensions of an operation are {', '.join(_EXTENSIONS)}"
                message = f"{shorten(key)!r} is not known"
                self.report.error(node.child(key), "unknown-extension", message, hint)
        if node.value.get("x-yett-pattern", "unenforced") != "unenforced":
            message = "x-yett-pattern can only be unenforced"
            hint = "write x-yett-pattern: unenforced, or leave it out"
            self.report.error(node.child("x-yett-pattern"), "wrong-type", message, hint)

    def _cost(self, node: Node) -> int:
        if "x-yett-cost" not in node.value:
            return 1
        cost = node.value["x-yett-cost"]
        if isinstance(cost, bool) or not isinstance(cost, int) or not 1 <= cost <= 1_000_000:
            message = "x-yett-cost must be a whole number from 1 to 1000000"
            self.report.error(node.child("x-yett-cost"), "wrong-type", message, "write the units a request takes")
            return 1
        return cost


def _path_of(entry: Node) -> str:
    return str(entry.key).partition("#")[0]


def _with_ids(operations: list[Operation]) -> tuple[Operation, ...]:
    """Give operations without an id one that depends on nothing but the methods and paths of the contract."""
    explicit = {one.operation_id for one in operations}
    derived = {id(one): derived_id(one.method, one.path) for one in operations if not one.operation_id}
    counts = Counter(derived.values())
    for one in operations:
        name = derived.get(id(one))
        if name is not None and (counts[name] > 1 or name in explicit):
            digest = hashlib.sha256(f"{one.method} {one.path}".encode()).hexdigest()
            derived[id(one)] = f"{name}-{digest[:8]}"
    return tuple(replace(one, operation_id=derived.get(id(one), one.operation_id)) for one in operations)

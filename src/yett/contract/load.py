"""The door of the room: a file becomes a `Contract`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from yett.contract.contract import Contract, Operation
from yett.contract.identifiers import Identifiers
from yett.contract.operations import Operations
from yett.contract.reader import Reader
from yett.contract.references import asserts_formats
from yett.contract.report import Report
from yett.contract.resolver import Resolver
from yett.contract.schemas import Schemas
from yett.contract.sources import Sources
from yett.documents import Limits
from yett.documents.problems import shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from yett.contract.node import Node
    from yett.contract.situation import Situation

PatternPolicy = Literal["refuse", "unenforced"]

_VERSION = re.compile(r"3\.([0-2])\.\d+(?:-[0-9A-Za-z.-]+)?\Z")
_OAS_DIALECT = "https://spec.openapis.org/oas/3.1/dialect/base"


def load_contract(
    path: Path,
    *,
    api: str,
    allow: Sequence[Path] = (),
    limits: Limits | None = None,
    patterns: PatternPolicy = "refuse",
    on_open: Callable[[str], None] = lambda _path: None,
) -> Contract:
    """Read an OpenAPI 3.0, 3.1 or 3.2 document and the files it refers to.

    Files are read from the contract's own folder and below, and from the folders in `allow`; nothing is fetched. Each
    file keeps to `limits`. Nothing is raised for what the files hold: all mistakes are in the result's `diagnostics`.
    `on_open` is told each path just before it is opened, also where there is no file: watch these for changes.

    A regular expression that cannot be matched in linear time is an error under `patterns="refuse"`, the default:
    leaving out a check that the contract promises would open a door. With `"unenforced"`, or for an operation that says
    `x-yett-pattern: unenforced`, it is left out and a warning says so.
    """
    report = Report()
    sources = Sources(path, allow, limits or Limits(), report, on_open)
    source = sources.open_root()
    reader = Reader(Resolver(sources, report), report)
    version = None if source is None else _version(reader, source.root)
    if source is None or version is None:
        return Contract(api, "", "", "", (), {}, {}, report.diagnostics())
    return _Loader(reader, sources, version).load(source.root, api, patterns)


def _version(reader: Reader, root: Node) -> str | None:
    """Return the version of OpenAPI; `None`, with a diagnostic, where the document has none that is known."""
    if not reader.has_type(root, dict):
        return None
    if "swagger" in root.value and "openapi" not in root.value:
        hint = "convert the contract to OpenAPI 3.0 or later"
        reader.report.error(root.child("swagger"), "unsupported-version", "Swagger 2.0 is not supported", hint)
        return None
    version = reader.text(root, "openapi")
    if version is not None and _VERSION.match(version):
        return version
    if version is not None or "openapi" not in root.value:
        at = root.child("openapi") if version is not None else root
        message = "the document does not say which OpenAPI it is"
        if version is not None:
            message = f"OpenAPI {shorten(version)!r} is not known"
        reader.report.error(at, "unsupported-version", message, "write openapi: 3.0.x, 3.1.x or 3.2.x, as text")
    return None


class _Loader:
    def __init__(self, reader: Reader, sources: Sources, version: str) -> None:
        self.reader = reader
        self.report = reader.report
        self.version = version
        self.minor = int(version.split(".")[1])
        self.sources = sources
        self.identifiers = Identifiers(sources)

    def load(self, root: Node, api: str, patterns: PatternPolicy) -> Contract:
        title, version = self._info(root)
        asserts = self._asserts_formats(root)
        request = self._schemas("request", asserts)
        response = self._schemas("response", asserts)
        reading = Operations(self.reader, request, response, is_3_2=self.minor == 2)
        operations: tuple[Operation, ...] = reading.read(root)
        self._check_paths(root)
        request.check()
        response.check()
        self._report_patterns(reading.situations, patterns)
        return Contract(
            api,
            title,
            version,
            self.version,
            operations,
            request.definitions.schemas,
            response.definitions.schemas,
            self.report.diagnostics(),
            self.sources.digest(),
        )

    def _schemas(self, direction: Literal["request", "response"], asserts: bool) -> Schemas:
        is_3_0 = self.minor == 0
        return Schemas(direction, self.reader, self.identifiers, is_3_0=is_3_0, asserts_formats=asserts)

    def _info(self, root: Node) -> tuple[str, str]:
        info = self.reader.entry(root, "info", dict)
        found = ["", ""]
        for index, key in enumerate(("title", "version")):
            text = None if info is None else self.reader.text(info, key)
            if text is None and (info is None or key not in info.value):
                hint = "write info: {title: ..., version: 1.0.0}"
                self.report.error(info or root, "info-incomplete", f"info.{key} is missing", hint)
            found[index] = text or ""
        return found[0], found[1]

    def _asserts_formats(self, root: Node) -> bool:
        if self.minor == 0 or "jsonSchemaDialect" not in root.value:
            return True
        name = self.reader.text(root, "jsonSchemaDialect") or _OAS_DIALECT
        asserts = asserts_formats(name)
        if asserts is None:
            hint = "leave jsonSchemaDialect out, or name JSON Schema 2020-12"
            message = f"the dialect {shorten(name)!r} is not known"
            self.report.error(root.child("jsonSchemaDialect"), "unsupported-dialect", message, hint)
        return asserts is not False

    def _check_paths(self, root: Node) -> None:
        if "paths" not in root.value and not (self.minor and ("components" in root.value or "webhooks" in root.value)):
            self.report.error(root, "paths-missing", "the contract has no paths", "describe the operations below paths")

    def _report_patterns(self, situations: list[tuple[Node, Situation]], policy: PatternPolicy) -> None:
        for node, situation in situations:
            waived = policy == "unenforced" or node.value.get("x-yett-pattern") == "unenforced"
            for response in (False, True):
                schemas, unit = situation.side(response=response)
                units = [unit, *(schemas.definitions.units[name] for name in schemas.reached(unit))]
                for at, message in (found for one in units for found in one.patterns):
                    self._report_pattern(at, message, waived=waived)

    def _report_pattern(self, at: Node, message: str, *, waived: bool) -> None:
        if waived:
            hint = "express it without look-around and backreferences, and it is enforced"
            self.report.warning(at, "pattern-not-enforced", f"{message}: not enforced", hint)
        else:
            hint = "rewrite it, or say x-yett-pattern: unenforced in the operation"
            self.report.error(at, "pattern-not-linear", message, hint)

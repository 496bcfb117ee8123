"""The guarded door through which the files of a contract are read: only from its own folder, never from a network."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urljoin

from yett.contract.node import Node, Source
from yett.documents import Document, DocumentError, Limits, read_document
from yett.model.diagnostic import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yett.contract.report import Report

MAX_FILES = 1_000

# The base that relative `$id`s get; `.invalid` is reserved (RFC 2606), so that it can never name anything real.
_BASE = "https://contract.invalid/"


class Sources:
    """The files of one contract, each read once."""

    def __init__(self, path: Path, allow: Sequence[Path], limits: Limits, report: Report) -> None:
        self.path = path
        self.limits = limits
        self.report = report
        self.folders: list[Path] = []
        self.allow = allow
        self.loaded: dict[Path, Source | None] = {}
        self.left = limits.max_bytes * 4

    def open_root(self) -> Source | None:
        """Read the contract itself; `None`, with diagnostics, where that fails."""
        try:
            resolved = self.path.resolve(strict=True)
            self.folders = [resolved.parent, *(folder.resolve() for folder in self.allow)]
            data = self._read_bytes(resolved)
        except (OSError, ValueError, RuntimeError) as error:
            self.report.extend([self._unreadable(str(self.path), error)])
            return None
        return self._load(resolved, str(self.path), data)

    def open(self, reference: str, at: Node) -> Source | None:
        """Read the file that the path part of the `$ref` at `at` names; `None`, with a diagnostic, where that fails."""
        name = unquote(reference)
        if not self._is_relative(name, at):
            return None
        try:
            resolved = (at.source.path.parent / name).resolve()
        except (OSError, ValueError, RuntimeError):
            self._missing(name, at)
            return None
        if not any(resolved.is_relative_to(folder) for folder in self.folders):
            hint = "move the file below the contract's folder, or allow its folder explicitly"
            self.report.error(at, "ref-outside", f"{name!r} lies outside the contract's folder", hint)
            return None
        if resolved not in self.loaded:
            self.loaded[resolved] = self._open_file(resolved, name, at)
        return self.loaded[resolved]

    def _is_relative(self, name: str, at: Node) -> bool:
        if name.startswith("/") or "\\" in name or "\0" in name or Path(name).is_absolute():
            hint = "write the path relative to this file, with forward slashes"
            self.report.error(at, "ref-outside", f"{name!r} is not a relative path", hint)
            return False
        return True

    def _open_file(self, resolved: Path, name: str, at: Node) -> Source | None:
        if len(self.loaded) >= MAX_FILES:
            hint = "bundle the contract into fewer files"
            self.report.error(at, "too-many-files", f"the contract has more than {MAX_FILES} files", hint)
            return None
        try:
            data = self._read_bytes(resolved)
        except (OSError, ValueError):
            self._missing(name, at)
            return None
        return self._load(resolved, self._display(resolved), data)

    def _missing(self, name: str, at: Node) -> None:
        hint = "check the path: it is relative to the file that holds the $ref"
        self.report.error(at, "ref-unresolved", f"the file {name!r} cannot be read", hint)

    def _display(self, resolved: Path) -> str:
        folder = self.folders[0]
        if resolved.is_relative_to(folder):
            return str(self.path.parent / resolved.relative_to(folder))
        return str(resolved)

    def _read_bytes(self, path: Path) -> bytes:
        # Without O_NONBLOCK, a named pipe that nobody writes to would hang the reader.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError("not a regular file")
            data = file.read(min(self.limits.max_bytes, self.left) + 1)
        self.left = max(0, self.left - len(data))
        return data

    def _load(self, path: Path, name: str, data: bytes) -> Source | None:
        try:
            document = read_document(data, file=name, limits=self.limits)
        except DocumentError as error:
            self.report.extend(error.diagnostics)
            return None
        source = Source(name, path, document, _base_of(document, path, self.folders[0]))
        self.loaded[path] = source
        return source

    def _unreadable(self, name: str, error: Exception) -> Diagnostic:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        hint = "check the path and the permissions of the contract"
        return Diagnostic(name, 0, "", "contract-unreadable", f"the contract cannot be read: {reason}", hint)


def _base_of(document: Document, path: Path, folder: Path) -> str:
    relative = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
    base = _BASE + quote(relative)
    if isinstance(document.value, dict) and isinstance(own := document.value.get("$self"), str):
        return join_uri(base, own)
    return base


def join_uri(base: str, reference: str) -> str:
    """Resolve a URI reference (RFC 3986) without its fragment; an unusable one is returned as it is."""
    try:
        return urljoin(base, reference).partition("#")[0]
    except ValueError:
        return reference

"""The guarded door through which the files of a contract are read: only from its own folder, never from a network."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urljoin

from yett.contract.node import Node, Source
from yett.documents import Document, DocumentError, Limits, read_document
from yett.model.diagnostic import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from yett.contract.report import Report

MAX_FILES = 1_000

# Ways to spell the path of a file, and paths of files that are not there.
MAX_TRIED = 4_000

# The base that relative `$id`s get; `.invalid` is reserved (RFC 2606), so that it can never name anything real.
_BASE = "https://contract.invalid/"


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a file cannot be taken: as a diagnostic, `{}` in the message standing for the file's name."""

    code: str
    message: str
    hint: str


class _UnreadableError(Exception):
    def __init__(self, failure: _Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


_MISSING = _Failure(
    "ref-unresolved",
    "the file {} cannot be read",
    "check the path: it is relative to the file that holds the $ref",
)
_TOO_MANY = _Failure(
    "too-many-files", f"the contract has more than {MAX_FILES} files", "bundle the contract into fewer files"
)
_TOO_LARGE = _Failure(
    "contract-too-large", "with {} the files of the contract are too large together", "split the API into several"
)


class Sources:
    """The files of one contract, each read once.

    `failed` keeps why a file could not be taken: a look ahead, with the report muted, may come to it first, and whoever
    reads the reference itself must still be able to say so.
    """

    def __init__(
        self, path: Path, allow: Sequence[Path], limits: Limits, report: Report, on_open: Callable[[str], None]
    ) -> None:
        self.path = path
        self.limits = limits
        self.report = report
        self.folders: list[Path] = []
        self.allow = allow
        self.loaded: dict[Path, Source] = {}
        self._hashes: dict[str, str] = {}
        self.failed: dict[Path, _Failure | tuple[Diagnostic, ...]] = {}
        self.left = limits.max_bytes * 4
        self.on_open = on_open
        self.tried: set[str] = set()

    def digest(self) -> str:
        """SHA-256, in hex, of what was read: every file by its path from the contract's folder, byte for byte."""
        told = "".join(f"{found} {name}\0" for name, found in sorted(self._hashes.items()))
        return hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()

    def open_root(self) -> Source | None:
        """Read the contract itself; `None`, with diagnostics, where that fails."""
        self._note(str(self.path))
        try:
            resolved = self.path.resolve(strict=True)
            self.folders = [resolved.parent, *(folder.resolve() for folder in self.allow)]
            data = self._read_bytes(resolved)
            return self._load(resolved, str(self.path), data)
        except (OSError, ValueError, RuntimeError) as error:
            self.report.extend([self._unreadable(str(self.path), error)])
        except DocumentError as error:
            self.report.extend(error.diagnostics)
        return None

    def open(self, reference: str, at: Node) -> Source | None:
        """Read the file that the path part of the `$ref` at `at` names; `None`, with a diagnostic, where that fails."""
        name = unquote(reference)
        if not self._is_relative(name, at):
            return None
        path = at.source.path.parent / name
        self._note(str(path))
        try:
            resolved = path.resolve()
        except (OSError, ValueError, RuntimeError):
            self._tell(_MISSING, name, at)
            return None
        if not any(resolved.is_relative_to(folder) for folder in self.folders):
            hint = "move the file below the contract's folder, or name its folder in the API's `contract_folders`"
            self.report.error(at, "ref-outside", f"{name!r} lies outside the contract's folder", hint)
            return None
        if resolved not in self.loaded and resolved not in self.failed:
            self._open_file(resolved)
        if resolved in self.failed:
            self._tell(self.failed[resolved], name, at)
        return self.loaded.get(resolved)

    def _note(self, path: str) -> None:
        """Announce a path as it is spelled: also a symbolic link on the way may change."""
        if path not in self.tried and len(self.tried) < MAX_TRIED:
            self.tried.add(path)
            self.on_open(path)

    def _is_relative(self, name: str, at: Node) -> bool:
        if name.startswith("/") or "\\" in name or "\0" in name or Path(name).is_absolute():
            hint = "write the path relative to this file, with forward slashes"
            self.report.error(at, "ref-outside", f"{name!r} is not a relative path", hint)
            return False
        return True

    def _open_file(self, resolved: Path) -> None:
        try:
            if len(self.loaded) + len(self.failed) >= MAX_FILES:
                raise _UnreadableError(_TOO_MANY)
            self._load(resolved, self._display(resolved), self._read_bytes(resolved))
        except (OSError, ValueError):
            self.failed[resolved] = _MISSING
        except _UnreadableError as error:
            self.failed[resolved] = error.failure
        except DocumentError as error:
            self.failed[resolved] = error.diagnostics

    def _tell(self, failure: _Failure | tuple[Diagnostic, ...], name: str, at: Node) -> None:
        if isinstance(failure, tuple):
            self.report.extend(failure)
        else:
            self.report.error(at, failure.code, failure.message.format(repr(name)), failure.hint)

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
        if len(data) > self.left:
            # What was read is cut off: it could still be a document, but not the one that was meant.
            raise _UnreadableError(_TOO_LARGE)
        self.left -= len(data)
        return data

    def _load(self, path: Path, name: str, data: bytes) -> Source:
        document = read_document(data, file=name, limits=self.limits)
        source = Source(name, path, document, _base_of(document, path, self.folders[0]))
        self.loaded[path] = source
        self._hashes[os.path.relpath(path, self.folders[0])] = hashlib.sha256(data).hexdigest()
        return source

    def _unreadable(self, name: str, error: Exception) -> Diagnostic:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        hint = "check the path and the permissions of the contract"
        message = f"the contract {name} cannot be read: {reason.lower()}"
        return Diagnostic(name, 0, "", "contract-unreadable", message, hint)


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

"""Contracts that are made out of other files: written where they are wanted, never over a file that is there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yett.design.bundle import bundle
from yett.design.overlay import apply_overlay, extends_of, is_overlay
from yett.documents import DocumentError, read_document, write_json, write_yaml
from yett.errors import YettError
from yett.model.diagnostic import Diagnostic, has_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yett.documents import Document

__all__ = ["Made", "bundle_contract", "overlay_contract", "save", "text_of"]


@dataclass(frozen=True, slots=True)
class Made:
    """A document, `None` where there is none for all that is wrong; and what was found on the way."""

    document: dict[str, Any] | None
    diagnostics: tuple[Diagnostic, ...]


def bundle_contract(path: Path) -> Made:
    """One document out of the files of the contract at `path`."""
    return Made(*bundle(path))


def overlay_contract(paths: Sequence[Path], *, strict: bool) -> Made:
    """A contract under overlays: the contract first, or left out where the first overlay says what it `extends`."""
    found: list[Diagnostic] = []
    read = [_read(path, found) for path in paths]
    documents = [one for one in read if one is not None]
    if has_errors(found):
        return Made(None, tuple(found))
    if is_overlay(documents[0]):
        contract = _extended(documents[0], paths[0], found)
        documents = [*([] if contract is None else [contract]), *documents]
    if has_errors(found):
        return Made(None, tuple(found))
    value, overlays = documents[0].value, documents[1:]
    if not overlays:
        found.append(
            _mistake(str(paths[0]), "overlay-missing", "there is no overlay to lay over it", "name one more file")
        )
    for overlay in overlays:
        _compare_names(overlay, documents[0], found)
        value, mistakes = apply_overlay(value, overlay, strict=strict)
        found += mistakes
    return Made(None if has_errors(found) else value, tuple(found))


def _mistake(file: str, code: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(file, 0, "", code, message, hint)


def _read(path: Path, found: list[Diagnostic]) -> Document | None:
    try:
        return read_document(path.read_bytes(), file=str(path))
    except DocumentError as error:
        found += error.diagnostics
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        found.append(_mistake(str(path), "file-unreadable", f"it cannot be read: {reason}", "check the path"))
    return None


def _extended(overlay: Document, path: Path, found: list[Diagnostic]) -> Document | None:
    """The contract that an overlay extends: a file beside it or below; nothing is fetched."""
    address = extends_of(overlay)
    beside = (path.parent / address).resolve()
    if not address or ":" in address or not beside.is_relative_to(path.parent.resolve()):
        message = (
            "the overlay says no file beside it that it extends" if address else "there is no contract to lay it over"
        )
        hint = "name the contract first: yett overlay CONTRACT OVERLAY"
        line = overlay.line("/extends")
        found.append(Diagnostic(overlay.file, line, "/extends", "overlay-extends", message, hint))
        return None
    return _read(path.parent / address, found)


def _compare_names(overlay: Document, contract: Document, found: list[Diagnostic]) -> None:
    """Warn of an overlay that was written for a contract of another name."""
    name = extends_of(overlay).rpartition("/")[2]
    if name and name != Path(contract.file).name:
        message = f"the overlay was written for {name[:100]!r}"
        hint = "name that contract, or leave `extends` out"
        line = overlay.line("/extends")
        found.append(Diagnostic(overlay.file, line, "/extends", "overlay-extends", message, hint, "warning"))


def text_of(document: Any, like: Path) -> str:
    """The document as JSON where the name of a file says so, else as YAML."""
    return write_json(document) if like.suffix.lower() == ".json" else write_yaml(document)


def save(document: Any, path: Path, *, force: bool) -> None:
    """Write a document; the file's name says how. Raises `YettError` where there is a file already."""
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text_of(document, path))
    except FileExistsError:
        message = f"{path} is there already"
        raise YettError(message, code="file-exists", hint="name another file, or say --force") from None

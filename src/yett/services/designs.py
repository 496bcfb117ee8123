"""Contracts that are made out of other files: written where they are wanted, never over a file that is there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yett.design.bundle import bundle
from yett.documents import write_json, write_yaml
from yett.errors import YettError

if TYPE_CHECKING:
    from yett.model.diagnostic import Diagnostic

__all__ = ["Made", "bundle_contract", "save"]


@dataclass(frozen=True, slots=True)
class Made:
    """A document, `None` where there is none for all that is wrong; and what was found on the way."""

    document: dict[str, Any] | None
    diagnostics: tuple[Diagnostic, ...]


def bundle_contract(path: Path) -> Made:
    """One document out of the files of the contract at `path`."""
    return Made(*bundle(path))


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

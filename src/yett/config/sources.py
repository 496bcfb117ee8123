"""Which files make up a configuration, and reading them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from yett.config.files import read_file
from yett.config.sections.file import LATER_SECTIONS, FileShape
from yett.documents import Document, DocumentError, Limits, read_document
from yett.model.diagnostic import Diagnostic
from yett.model.place import Place

_SUFFIXES: Final = (".yaml", ".yml")
_SECTIONS: Final = b"|".join(name.encode() for name in sorted({*FileShape.model_fields, *LATER_SECTIONS}))
# In flow style, and so in JSON, the first key tells; in block style any key at the edge.
_LOOKS_LIKE_CONFIGURATION: Final = re.compile(
    rb"(?:\A(?:\xef\xbb\xbf)?\s*\{\s*|^)['\"]?(?:" + _SECTIONS + rb")['\"]?\s*:", re.MULTILINE
)
_LIMITS: Final = Limits(max_bytes=64 * 1024 * 1024, max_depth=64, max_nodes=5_000_000)


@dataclass(slots=True)
class Sources:
    """The documents of a configuration by name, what went wrong, and all files that were looked at."""

    home: str
    documents: list[tuple[str, Document]] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    files: set[str] = field(default_factory=set)


def read_sources(path: str) -> Sources:
    """Read a configuration file, or every configuration file of a folder.

    In a folder, a `.yaml` or `.yml` file counts that has a section of a configuration at its outermost level; contracts
    and other files may stand beside them.
    """
    if not Path(path).is_dir():
        sources = Sources(home=str(Path(path).parent))
        _read_into(sources, path)
        return sources
    sources = Sources(home=path, files={path})
    for file in sorted(Path(path).iterdir()):
        if file.suffix.lower() in _SUFFIXES and not file.name.startswith("."):
            _read_into(sources, str(file), only_configuration=True)
    if not sources.documents and not sources.diagnostics:
        hint = "a configuration file starts with `yett: 1`"
        sources.diagnostics.append(
            Place(path).diagnostic("configuration-missing", "no file of this folder is a configuration", hint=hint)
        )
    return sources


def _read_into(sources: Sources, path: str, *, only_configuration: bool = False) -> None:
    sources.files.add(path)
    try:
        data = read_file(path)
        if not only_configuration or _LOOKS_LIKE_CONFIGURATION.search(data):
            sources.documents.append((path, read_document(data, file=path, limits=_LIMITS)))
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        sources.diagnostics.append(Place(path).diagnostic("file-missing", f"cannot read the file: {reason}"))
    except DocumentError as error:
        sources.diagnostics.extend(error.diagnostics)

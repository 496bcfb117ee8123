"""Collections of saved requests: read from and written to the files of other programs, and played step by step.

Here live the model, the formats and what a run decides. Nothing here opens a socket or a file: `services` does. What a
format cannot hold is never dropped in silence: it becomes a diagnostic.
"""

from __future__ import annotations

from yett.collections.formats import FORMATS, WRITTEN, Exported, Imported, export_files, import_files
from yett.collections.model import Collection, Folder, Request, steps_of

__all__ = [
    "FORMATS",
    "WRITTEN",
    "Collection",
    "Exported",
    "Folder",
    "Imported",
    "Request",
    "export_files",
    "import_files",
    "steps_of",
]

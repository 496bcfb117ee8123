"""Hostile bytes (YAML 1.2, JSON) become plain Python values with positions, and values become text again.

Here live the two readers, their limits and their diagnostics, and the two writers. Nothing here knows what a document
means, opens a file or reaches a network; of ours only `yett.model` is imported.
"""

from __future__ import annotations

from yett.documents.document import Document, DocumentError, read_document
from yett.documents.limits import Limits
from yett.documents.pointer import join_pointer, split_pointer
from yett.documents.writing import write_json, write_yaml

__all__ = [
    "Document",
    "DocumentError",
    "Limits",
    "join_pointer",
    "read_document",
    "split_pointer",
    "write_json",
    "write_yaml",
]

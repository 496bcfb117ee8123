"""Finds API keys that were written into a configuration in the clear, wherever they stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from yett.access.keys import contains_key, mask_keys
from yett.documents import join_pointer
from yett.model.diagnostic import Diagnostic

if TYPE_CHECKING:
    from yett.documents import Document

SECRET_HINT: Final = "put the secret into an environment variable or a file, and name that: `env: NAME` or `file: PATH`"


def literal_secrets(document: Document, file: str) -> Iterator[Diagnostic]:
    """One diagnostic for each text, also a mapping's key, that holds something of the form of an API key."""
    for parts in _texts_with_keys(document.value, ()):
        message = "an API key is written here in the clear; whoever read this file has it"
        yield Diagnostic(
            file, document.line_at(parts), mask_keys(join_pointer(parts)), "secret-literal", message, SECRET_HINT
        )


def _texts_with_keys(value: Any, parts: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    match value:
        case str():
            if "yett" in value and contains_key(value):
                yield parts
        case dict():
            for key, child in value.items():
                if "yett" in key and contains_key(key):
                    yield (*parts, key)
                yield from _texts_with_keys(child, (*parts, key))
        case list():
            for index, child in enumerate(value):
                yield from _texts_with_keys(child, (*parts, index))

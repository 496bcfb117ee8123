"""Notices that files change, by looking: nothing to install, and it works on every file system."""

from __future__ import annotations

import os
from collections.abc import Iterable

Fingerprint = tuple[int, int, int] | None
"""Modification time in nanoseconds, size and inode of a file; `None` where there is none."""


def fingerprint(path: str) -> Fingerprint:
    """What changes whenever a file is written, replaced or removed."""
    try:
        found = os.stat(path)  # noqa: PTH116 - called for every watched file, four times a second
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)


class Watch:
    """Remembers how a set of files looked."""

    def __init__(self, files: Iterable[str] = ()) -> None:
        self._seen = {file: fingerprint(file) for file in files}

    @property
    def files(self) -> frozenset[str]:
        """What is watched."""
        return frozenset(self._seen)

    def add(self, file: str) -> None:
        """Watch `file` too, as it is now."""
        self._seen[file] = fingerprint(file)

    def changed(self) -> bool:
        """Whether any file looks different from what is remembered."""
        return any(fingerprint(file) != seen for file, seen in self._seen.items())

    def follow(self, files: Iterable[str]) -> None:
        """Watch `files` from now on: those known already as they are remembered, new ones as they are now."""
        self._seen = {file: self._seen[file] if file in self._seen else fingerprint(file) for file in files}

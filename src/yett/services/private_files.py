"""Files that only their owner can read, for secrets that the gateway makes itself."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp


def create_private_file(path: Path, content: bytes) -> None:
    """Make a file that only its owner can read, whole or not at all; one that is there already is kept.

    Its folder is made too, and kept out of version control. Raises `OSError`.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    ignore = path.parent / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    # `mkstemp` opens with O_EXCL and mode 0600.
    descriptor, draft = mkstemp(prefix=f"{path.stem}-draft-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        # A link appears whole and never replaces a file that another process made meanwhile.
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        Path(draft).unlink()

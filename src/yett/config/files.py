"""Reading files somebody named: bounded, and never a device or a pipe that would not end."""

from __future__ import annotations

import errno
import os
import stat

MAX_BYTES = 64 * 1024 * 1024


def read_file(path: str, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes of a regular file.

    Raises `OSError`: also `EFBIG` where there are more than `max_bytes`, and `EINVAL` where it is not a regular file.
    """
    # O_NONBLOCK: opening a named pipe must not wait for somebody to write into it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if stat.S_ISDIR(mode):
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "Not a regular file", path)
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise OSError(errno.EFBIG, f"Larger than {max_bytes} bytes", path)
    return data

"""When revocation lists expire, as they say themselves (RFC 5280 section 5.1.2)."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_PEM: Final = re.compile(r"-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]*)-----END X509 CRL-----")
_INTEGER: Final = 0x02
_TIMES: Final = {0x17: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}


def lists_expire(path: str) -> float | None:
    """The Unix second at which the first of the lists in a PEM file expires.

    `None` where no list says so, or the file cannot be read as lists: the gateway judges that.
    """
    try:
        text = Path(path).read_text(encoding="ascii", errors="replace")
        times = [_next_update(base64.b64decode(body)) for body in _PEM.findall(text)]
    except (OSError, ValueError, IndexError):
        return None
    return min((one for one in times if one is not None), default=None)


def _next_update(der: bytes) -> float | None:
    """Raises `IndexError` or `ValueError` for what is no list."""
    _, at, _ = _element(der, 0)
    _, at, _ = _element(der, at)
    tag, _, end = _element(der, at)
    if tag == _INTEGER:  # The version, which the first one did not have.
        at = end
    for _ in ("signature", "issuer", "this update"):
        _, _, at = _element(der, at)
    tag, at, end = _element(der, at)
    if tag not in _TIMES:
        return None
    return datetime.strptime(der[at:end].decode("ascii"), _TIMES[tag]).replace(tzinfo=UTC).timestamp()


def _element(der: bytes, at: int) -> tuple[int, int, int]:
    """Tag, beginning and end of the contents of the element at a place."""
    tag, length = der[at], der[at + 1]
    at += 2
    if length & 0x80:
        size = length & 0x7F
        length, at = int.from_bytes(der[at : at + size], "big"), at + size
    return tag, at, at + length

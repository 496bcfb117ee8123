"""base64url and JSON as JOSE wants them: one spelling, and nothing said twice."""

from __future__ import annotations

import base64
import json
import re
from typing import Any, Final

_BASE64URL: Final = re.compile(rb"[0-9A-Za-z_-]*")


def encode(data: bytes) -> str:
    """base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """The bytes of base64url without padding. Raises `ValueError` for anything else, also for stray bits at the end."""
    raw = text.encode("ascii")
    if not _BASE64URL.fullmatch(raw):
        raise ValueError("this is not base64url")
    data = base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))
    if encode(data) != text:
        raise ValueError("this is not the only spelling")
    return data


def read_object(data: bytes | str) -> dict[str, Any]:
    """A JSON object. Raises `ValueError` for anything else, for a name given twice, and for `NaN` and its like."""
    try:
        value = json.loads(data, object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("this is nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("this is no JSON object")  # noqa: TRY004 - one error for whatever cannot be read
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is given twice")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")

"""Media types: how a body of each is read, and which range is the most specific."""

from __future__ import annotations

import re
from typing import Literal

MediaKind = Literal["json", "form", "multipart", "text", "binary"]

_RANGE = re.compile(r"(?:\*|[a-z0-9!#$&^_.+-]+)/(?:\*|[a-z0-9!#$&^_.+-]+)\Z")
_JSON = frozenset({"application/json", "text/json"})


def media_range(name: str) -> str | None:
    """Return a key of `content` as a lower-case media range without parameters; `None` where it is none."""
    plain = name.partition(";")[0].strip().lower()
    is_range = _RANGE.match(plain) is not None and (plain == "*/*" or not plain.startswith("*/"))
    return plain if is_range else None


def media_kind(name: str) -> MediaKind:
    """Return how a body with this media range is read. XML and wildcards are not looked into."""
    main, _, sub = name.partition("/")
    if name in _JSON or sub.endswith("+json"):
        return "json"
    if name == "application/x-www-form-urlencoded":
        return "form"
    if main == "multipart":
        return "multipart"
    return "text" if main == "text" and not sub.endswith("xml") else "binary"


def specificity(name: str) -> int:
    """Return a key that sorts the most specific range first."""
    return 2 if name == "*/*" else 1 if name.endswith("/*") else 0

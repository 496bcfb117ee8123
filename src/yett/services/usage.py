"""Who calls what, told by access logs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from yett.errors import YettError

_LONGEST_LINE = 1 << 20
_MOST_PAIRS = 1_000_000


@dataclass(frozen=True, slots=True)
class Use:
    """How often an app called an operation, and when last (RFC 3339). Refused requests count: somebody still asks."""

    requests: int
    last: str


Usage = Mapping[tuple[str, str], Use]
"""By operation and app; the app is empty where none was identified."""


def read_usage(paths: Iterable[str]) -> Usage:
    """The use that access logs tell of. Lines that are no events are passed over: logs are cut off in the middle.

    Raises `YettError` for a file that cannot be read.
    """
    found: dict[tuple[str, str], Use] = {}
    for path in paths:
        try:
            with Path(path).open("rb") as lines:
                for line in lines:
                    _count(line, found)
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            raise YettError(f"cannot read {path}: {reason}", code="log-unreadable", hint="check the path") from None
    return found


def _count(line: bytes, found: dict[tuple[str, str], Use]) -> None:
    if len(line) > _LONGEST_LINE:
        return
    try:
        event = json.loads(line)
        operation, app, time = event.get("operation"), event.get("app") or "", event["time"]
    except (ValueError, KeyError, AttributeError):
        return
    if not (isinstance(operation, str) and isinstance(app, str) and isinstance(time, str)):
        return
    before = found.get((operation, app))
    if before is not None:
        found[operation, app] = Use(before.requests + 1, max(before.last, time))
    elif len(found) < _MOST_PAIRS:
        found[operation, app] = Use(1, time)

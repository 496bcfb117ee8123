"""Files of hashed keys by the million: one JSON object a line, the first saying what the file is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from yett.errors import YettError

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class FiledKey:
    """A key of a file; times are Unix seconds."""

    id: str
    app: str
    prefix: str
    hash: str
    expires_at: int | None = None
    profiles: tuple[str, ...] | None = None
    made_at: int | None = None


def head_line(pepper_id: str) -> str:
    """The first line of a file whose hashes are made under the pepper of this id."""
    return json.dumps({"yett_keys": FORMAT, "pepper_id": pepper_id}, separators=(",", ":"))


def key_line(key: FiledKey) -> str:
    """The line of a key."""
    fields: dict[str, Any] = {"id": key.id, "app": key.app, "prefix": key.prefix, "hash": key.hash}
    for name in ("expires_at", "profiles", "made_at"):
        if (value := getattr(key, name)) is not None:
            fields[name] = value
    return json.dumps(fields, separators=(",", ":"))


def filed_keys(path: str | None) -> Iterator[FiledKey]:
    """The keys of a file, one after the other; none without a path. Raises `YettError` for one that is no such file."""
    if path is None:
        return
    try:
        with Path(path).open(encoding="utf-8") as lines:
            next(lines, None)
            for number, line in enumerate(lines, start=2):
                if line.strip():
                    yield _key(path, number, line)
    except OSError as error:
        raise YettError(f"cannot read {path}: {(error.strerror or 'unknown reason').lower()}") from None
    except UnicodeDecodeError:
        raise YettError(f"{path} is not UTF-8", code="keys-malformed") from None


def _key(path: str, number: int, line: str) -> FiledKey:
    try:
        fields = json.loads(line)
        profiles = fields.pop("profiles", None)
        return FiledKey(**fields, profiles=None if profiles is None else tuple(profiles))
    except (ValueError, TypeError, AttributeError):
        raise YettError(f"{path}:{number}: this is no key", code="keys-malformed") from None

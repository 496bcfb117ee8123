"""Schemas of values that were seen: as narrow as their types, never as narrow as the values themselves."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d\Z")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)\Z")
_WHOLE: Final = re.compile(r"-?(0|[1-9]\d{0,17})\Z")
_NUMBER: Final = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d{1,17})?\Z")
_MARKED: Final = re.compile(r"[A-Za-z]{1,12}_[A-Za-z0-9]*\d[A-Za-z0-9]*\Z")
_OPAQUE: Final = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9._~-]{16,}\Z|[A-Za-z0-9._~-]{32,}\Z")
_PLAIN: Final = re.compile(r"[A-Za-z0-9._~-]+\Z")


def looks_like_an_id(segment: str) -> bool:
    """Whether a part of a path names one of many: a number, a UUID, `ord_8f3k`, or something long.

    What has to be escaped in a path is taken for one as well.
    """
    if not _PLAIN.match(segment) or segment.isdigit():
        return True
    return bool(_UUID.match(segment.lower()) or _MARKED.match(segment) or _OPAQUE.match(segment))


def schema_of_values(values: Sequence[Any]) -> dict[str, Any]:
    """A schema that all of the values fit. No values: anything fits."""
    kinds: dict[str, list[Any]] = {}
    for value in values:
        kinds.setdefault(_kind(value), []).append(value)
    if "integer" in kinds and "number" in kinds:
        kinds["number"] += kinds.pop("integer")
    has_null = bool(kinds.pop("null", None))
    parts = [_of_kind(kind, found) for kind, found in kinds.items()]
    if len(parts) > 1:
        return {"anyOf": [*parts, *([{"type": "null"}] if has_null else [])]}
    if not parts:
        return {"type": "null"} if has_null else {}
    return {**parts[0], "type": [parts[0]["type"], "null"]} if has_null else parts[0]


def schema_of_texts(texts: Sequence[str]) -> dict[str, Any]:
    """A schema for what is only ever sent as text: in a path, a query or a form."""
    if texts and all(map(_WHOLE.match, texts)):
        return {"type": "integer"}
    if texts and all(map(_NUMBER.match, texts)):
        return {"type": "number"}
    if texts and set(texts) <= {"true", "false"}:
        return {"type": "boolean"}
    return _of_kind("string", texts)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def _of_kind(kind: str, values: Sequence[Any]) -> dict[str, Any]:
    if kind == "object":
        return _object(values)
    if kind == "array":
        return {"type": "array", "items": schema_of_values([one for value in values for one in value])}
    if kind == "string" and (name := _format(values)):
        return {"type": "string", "format": name}
    return {"type": kind}


def _object(values: Sequence[dict[str, Any]]) -> dict[str, Any]:
    names = list(dict.fromkeys(name for value in values for name in value))
    if len(names) > 1 and all(name.isdigit() or _is_uuid(name) for name in names):
        # A map: its keys are data, and the next answer has others.
        return {
            "type": "object",
            "additionalProperties": schema_of_values([one for value in values for one in value.values()]),
        }
    found: dict[str, Any] = {"type": "object"}
    if required := [name for name in names if all(name in value for value in values)]:
        found["required"] = required
    if names:
        found["properties"] = {
            name: schema_of_values([value[name] for value in values if name in value]) for name in names
        }
    return found


def _format(texts: Iterable[str]) -> str:
    """The format that all texts have; empty where there is none that is certain."""
    listed = list(texts)
    for name, fits in (("uuid", _is_uuid), ("date", _is_date), ("date-time", _is_moment)):
        if listed and all(map(fits, listed)):
            return name
    return ""


def _is_uuid(text: str) -> bool:
    return _UUID.match(text.lower()) is not None


def _is_date(text: str) -> bool:
    try:
        return bool(_DATE.match(text) and date.fromisoformat(text))
    except ValueError:
        return False


def _is_moment(text: str) -> bool:
    try:
        return bool(_MOMENT.match(text) and datetime.fromisoformat(text[:19]))
    except ValueError:
        return False

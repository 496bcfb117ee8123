"""Recordings of a browser or a proxy (HAR 1.2): the calls in them that are calls of an API, without any secret."""

from __future__ import annotations

import base64
import binascii
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

_METHODS: Final = frozenset({"GET", "PUT", "POST", "DELETE", "HEAD", "PATCH"})
_PAGES: Final = ("text/html", "text/css", "image/", "font/", "video/", "audio/", "javascript", "application/wasm")
_DEEPEST: Final = 60


class UnknownBody:
    """A body that is there and was not understood."""


UNKNOWN: Final = UnknownBody()


@dataclass(frozen=True, slots=True)
class Body:
    """A body: its media type without parameters, and its value: JSON, the fields of a form, or `UNKNOWN`."""

    media: str
    value: Any


@dataclass(frozen=True, slots=True)
class Call:
    """One request and its answer. Header values are not kept, but for how a credential was sent (`schemes`)."""

    method: str
    host: str
    origin: str
    segments: tuple[str, ...]
    query: tuple[tuple[str, str], ...]
    schemes: frozenset[str]
    body: Body | None
    status: int
    answer: Body | None


@dataclass(slots=True)
class Recording:
    """The calls of a recording, by host; and how often what was passed over, in words."""

    calls: list[Call] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)


def read_recording(value: Any) -> Recording | None:
    """The calls of a HAR document; `None` for a document that is none."""
    log = value.get("log") if isinstance(value, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list):
        return None
    found = Recording()
    for entry in entries:
        call = _call(entry, found.passed_over)
        if call is not None:
            found.calls.append(call)
    return found


def _call(entry: Any, passed_over: Counter[str]) -> Call | None:
    request, response = _part(entry, "request"), _part(entry, "response")
    method, url, status = request.get("method"), request.get("url"), response.get("status")
    if not isinstance(method, str) or not isinstance(url, str) or not isinstance(status, int):
        passed_over["entries without a request or an answer"] += 1
        return None
    reason = _reason(method.upper(), status, response)
    parts = _split(url)
    if reason or parts is None:
        passed_over[reason or "addresses that are not http or https"] += 1
        return None
    content = _part(response, "content")
    return Call(
        method.upper(),
        parts.hostname or "",
        f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}",
        tuple(parts.path.split("/")[1:]),
        tuple(parse_qsl(parts.query, keep_blank_values=True)),
        _schemes(request),
        _request_body(_part(request, "postData"), passed_over),
        status,
        _body(content.get("mimeType"), content, passed_over) if status not in (204, 304) else None,
    )


def _part(value: Any, key: str) -> dict[str, Any]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _split(url: str) -> Any:
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        return parts if is_usable else None
    except ValueError:
        return None


def _reason(method: str, status: int, response: dict[str, Any]) -> str:
    """Why an entry is no call of an API; empty where it is one."""
    if method == "OPTIONS":
        return "questions of a browser (OPTIONS)"
    if method not in _METHODS:
        return "methods that no contract describes"
    if not 200 <= status <= 599:
        return "calls without an answer"
    media = str(_part(response, "content").get("mimeType") or "").lower()
    return "pages, pictures and scripts" if any(one in media for one in _PAGES) else ""


def headers_of(message: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The names, in lower case, and values of the headers of a request or an answer."""
    listed = message.get("headers")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and isinstance(one.get("name"), str) and isinstance(one.get("value"), str):
            yield one["name"].lower(), one["value"]


def _schemes(request: dict[str, Any]) -> frozenset[str]:
    """How the caller proved itself: `bearer`, `basic`, or `header:NAME`. What it showed is not kept."""
    found = set()
    for name, value in headers_of(request):
        if name == "authorization":
            scheme = value.partition(" ")[0].lower()
            found.add(scheme if scheme in ("bearer", "basic") else "header:authorization")
        elif name in ("x-api-key", "api-key", "apikey", "x-auth-token", "x-access-token"):
            found.add(f"header:{name}")
    return frozenset(found)


def _request_body(posted: dict[str, Any], passed_over: Counter[str]) -> Body | None:
    fields = posted.get("params")
    media = _media(posted.get("mimeType"))
    if isinstance(fields, list) and fields and media.startswith(("application/x-www-form", "multipart/")):
        pairs = [(one.get("name"), one.get("value") or "") for one in fields if isinstance(one, dict)]
        return Body(media, _form([(str(name), str(value)) for name, value in pairs if name]))
    return _body(posted.get("mimeType"), posted, passed_over)


def _body(told: Any, content: dict[str, Any], passed_over: Counter[str]) -> Body | None:
    text, media = content.get("text"), _media(told)
    if not media or media == "x-unknown":
        return None
    if not isinstance(text, str) or not text:
        size = content.get("size")
        if not isinstance(size, int) or size <= 0:
            return None
        passed_over["bodies that were not recorded"] += 1
        return Body(media, UNKNOWN)
    try:
        if content.get("encoding") == "base64":
            text = base64.b64decode(text, validate=True).decode("utf-8")
        value = _value(media, text)
    except (ValueError, binascii.Error, RecursionError):
        passed_over["bodies that are not what their media type says"] += 1
        return Body(media, UNKNOWN)
    if value is UNKNOWN:
        passed_over[f"bodies of {media}, described without a schema"] += 1
    return Body(media, value)


def _media(told: Any) -> str:
    return told.partition(";")[0].strip().lower() if isinstance(told, str) else ""


def _value(media: str, text: str) -> Any:
    if media == "application/json" or media.endswith("+json"):
        value = json.loads(text, parse_constant=_refuse)
        _check_depth(value, 0)
        # Halves of surrogate pairs can be escaped in JSON, and written nowhere.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
        return value
    return _form(parse_qsl(text, keep_blank_values=True)) if media.startswith("application/x-www-form") else UNKNOWN


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _check_depth(value: Any, depth: int) -> None:
    if depth > _DEEPEST:
        raise ValueError("too deep")
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_depth(one, depth + 1)


def _form(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """The fields of a form; one that is there several times is a list."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            found[name] = [*(found[name] if isinstance(found[name], list) else [found[name]]), value]
        else:
            found[name] = value
    return found

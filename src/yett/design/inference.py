"""A contract from recorded calls: what was seen, and nothing that was not."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from yett.design.recordings import UNKNOWN
from yett.design.resources import pascal
from yett.design.shapes import looks_like_an_id, schema_of_texts, schema_of_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yett.design.recordings import Body, Call

_VERSION: Final = re.compile(r"(api|rest|v\d+(\.\d+)?)\Z", re.IGNORECASE)
_CREDENTIALS: Final = re.compile(r"(api[-_]?key|apikey|access[-_]?token|auth[-_]?token|token)\Z", re.IGNORECASE)
_VERBS: Final = {"GET": "get", "POST": "create", "PUT": "replace", "PATCH": "update", "DELETE": "delete"}


def infer(calls: Sequence[Call], host: str) -> dict[str, Any]:
    """An OpenAPI 3.1 document that describes the calls, all of them of one host."""
    groups: dict[str, dict[str, list[Call]]] = {}
    for call in calls:
        groups.setdefault(template_of(call.segments), {}).setdefault(call.method, []).append(call)
    schemes: dict[str, Any] = {}
    ids: set[str] = set()
    paths: dict[str, Any] = {}
    for path in sorted(groups):
        item: dict[str, Any] = {}
        if parameters := _path_parameters(path, [one for group in groups[path].values() for one in group]):
            item["parameters"] = parameters
        for method, group in groups[path].items():
            item[method.lower()] = _operation(method, path, group, schemes, ids)
        paths[path] = item
    return {
        "openapi": "3.1.1",
        "info": {
            "title": host,
            "version": "0.1.0",
            "description": "Made from recorded calls: it says what was seen, and needs to be read.\n",
        },
        "servers": [{"url": calls[0].origin}],
        "paths": paths,
        **({"components": {"securitySchemes": schemes}} if schemes else {}),
    }


def template_of(segments: Sequence[str]) -> str:
    """The path with a parameter for each part that looks like an id: `/books/{bookId}`."""
    parts: list[str] = []
    before = ""
    for segment in segments:
        if segment and looks_like_an_id(segment):
            parts.append("{" + _free(_singular(before) + "Id" if before else "id", parts) + "}")
            before = ""
        else:
            parts.append(segment)
            before = segment
    # A slash at the end is part of the path.
    return "/" + "/".join(parts)


def _free(name: str, parts: Sequence[str]) -> str:
    free, number = name, 2
    while "{" + free + "}" in parts:
        free, number = f"{name}{number}", number + 1
    return free


def _singular(segment: str) -> str:
    words = [one for one in re.split(r"[^A-Za-z0-9]+", segment) if one]
    name = "".join(one if index == 0 else one[:1].upper() + one[1:] for index, one in enumerate(words)) or "item"
    if name.endswith("ies"):
        return name[:-3] + "y"
    if re.search(r"(ss|x|z|ch|sh)es\Z", name):
        return name[:-2]
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def _path_parameters(path: str, calls: Sequence[Call]) -> list[dict[str, Any]]:
    found = []
    for index, part in enumerate(path[1:].split("/")):
        if part.startswith("{"):
            schema = schema_of_texts([call.segments[index] for call in calls])
            found.append({"name": part[1:-1], "in": "path", "required": True, "schema": schema})
    return found


def _operation(method: str, path: str, calls: Sequence[Call], schemes: dict[str, Any], ids: set[str]) -> dict[str, Any]:
    literal = [one for one in path.strip("/").split("/") if one and not one.startswith("{")]
    tag = next((one for one in literal if not _VERSION.match(one)), "")
    operation: dict[str, Any] = {"operationId": _operation_id(method, path, ids)}
    if tag:
        operation["tags"] = [tag]
    if parameters := _query(calls):
        operation["parameters"] = parameters
    if body := _request(calls):
        operation["requestBody"] = body
    operation["responses"] = _responses(calls)
    if security := _security(calls, schemes):
        operation["security"] = security
    return operation


def _operation_id(method: str, path: str, ids: set[str]) -> str:
    parts = [one for one in path.strip("/").split("/") if one and not _VERSION.match(one)]
    is_single = bool(parts) and parts[-1].startswith("{")
    names = [pascal(_plain(_singular(one) if is_single or method == "POST" else one)) for one in parts if one[0] != "{"]
    verb = "list" if method == "GET" and not is_single and names else _VERBS.get(method, method.lower())
    name = verb + ("".join(names) or "Root")
    free, number = name, 2
    while free in ids:
        free, number = f"{name}{number}", number + 1
    ids.add(free)
    return free


def _plain(segment: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", segment).strip("-")


def _query(calls: Sequence[Call]) -> list[dict[str, Any]]:
    """The parameters of the query, none of them required: that all calls had one does not say that all must."""
    values: dict[str, list[str]] = {}
    several: set[str] = set()
    for call in calls:
        names = [name for name, _ in call.query]
        several |= {name for name in names if names.count(name) > 1}
        for name, value in call.query:
            if not _CREDENTIALS.match(name):
                values.setdefault(name, []).append(value)
    found = []
    for name, texts in values.items():
        schema = schema_of_texts(texts)
        schema = {"type": "array", "items": schema} if name in several else schema
        found.append({"name": name, "in": "query", "schema": schema})
    return found


def _content(bodies: Sequence[Body]) -> dict[str, Any]:
    by_media: dict[str, list[Any]] = {}
    for body in bodies:
        by_media.setdefault(body.media, []).append(body.value)
    return {media: _media_schema(media, values) for media, values in by_media.items()}


def _media_schema(media: str, values: Sequence[Any]) -> dict[str, Any]:
    known = [one for one in values if one is not UNKNOWN]
    if len(known) < len(values) or not known:
        # Something was not understood: whatever is said now may be wrong.
        return {}
    if media.startswith(("application/x-www-form", "multipart/")):
        names = list(dict.fromkeys(name for value in known for name in value))
        return {"schema": {"type": "object", "properties": {name: _field(name, known) for name in names}}}
    return {"schema": schema_of_values(known)}


def _field(name: str, forms: Sequence[dict[str, Any]]) -> dict[str, Any]:
    values = [form[name] for form in forms if name in form]
    texts = [one for value in values for one in (value if isinstance(value, list) else [value])]
    schema = schema_of_texts(texts)
    return {"type": "array", "items": schema} if any(isinstance(one, list) for one in values) else schema


def _request(calls: Sequence[Call]) -> dict[str, Any]:
    bodies = [call.body for call in calls if call.body is not None]
    if not bodies:
        return {}
    return {"required": len(bodies) == len(calls), "content": _content(bodies)}


def _responses(calls: Sequence[Call]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status in sorted({call.status for call in calls}):
        bodies = [call.answer for call in calls if call.status == status and call.answer is not None]
        content = {"content": _content(bodies)} if bodies else {}
        found[str(status)] = {"description": _phrase(status), **content}
    return found


def _phrase(status: int) -> str:
    try:
        return f"{HTTPStatus(status).phrase}."
    except ValueError:
        return f"Status {status}."


def _security(calls: Sequence[Call], schemes: dict[str, Any]) -> list[dict[str, Any]]:
    """How the calls proved themselves, each way an alternative; none where some did not."""
    ways = [sorted(_ways(call)) for call in calls]
    for way in dict.fromkeys(one for each in ways for one in each):
        kind, _, name = way.partition(":")
        scheme = {"type": "http", "scheme": kind} if not name else {"type": "apiKey", "in": kind, "name": name}
        schemes.setdefault(way.replace(":", "-"), scheme)
    found: list[dict[str, Any]] = []
    for each in ways:
        need: dict[str, Any] = {one.replace(":", "-"): [] for one in each}
        if need not in found:
            found.append(need)
    return [] if found == [{}] else found


def _ways(call: Call) -> set[str]:
    return {*call.schemes, *(f"query:{name}" for name, _ in call.query if _CREDENTIALS.match(name))}

"""A collection becomes `*.collection.yaml`: short where it can be, and read again as it was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from yett.collections.model import Folder
from yett.model.secret import SecretReference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yett.collections.model import Assertion, Auth, Body, Collection, Example, Pair, Part, Request, Variable


def write_own(collection: Collection) -> dict[str, Any]:
    """The document; nothing is lost."""
    return {
        "yett_collection": 1,
        "name": collection.name,
        **_some(
            note=collection.note,
            version=collection.version,
            headers=_pairs(collection.headers),
            auth=_auth(collection.auth),
            variables=variables_of(collection.variables),
        ),
        **_some(environments={one.name: variables_of(one.variables) for one in collection.environments}),
        **_some(scripts=[{"when": one.when, "text": one.text} for one in collection.scripts]),
        "items": [_item(one) for one in collection.items],
    }


def _some(**held: Any) -> dict[str, Any]:
    return {key: value for key, value in held.items() if value not in ("", None, [], {})}


def _item(item: Request | Folder) -> dict[str, Any]:
    return _folder(item) if isinstance(item, Folder) else _request(item)


def _folder(folder: Folder) -> dict[str, Any]:
    return {
        "name": folder.name,
        **_some(
            note=folder.note,
            headers=_pairs(folder.headers),
            auth=_auth(folder.auth),
            variables=variables_of(folder.variables),
            scripts=[{"when": one.when, "text": one.text} for one in folder.scripts],
        ),
        "items": [_item(one) for one in folder.items],
    }


def _request(request: Request) -> dict[str, Any]:
    return {
        "name": request.name,
        **_some(note=request.note, operation=request.operation),
        "method": request.method,
        "url": request.url,
        **_some(path=_pairs(request.path), query=_pairs(request.query), headers=_pairs(request.headers)),
        **_some(body=None if request.body is None else _body(request.body), auth=_auth(request.auth)),
        **_some(
            expect=[_assertion(one) for one in request.assertions],
            extract={
                one.variable: {one.source: one.at if one.source in ("json", "header") else True}
                for one in request.extractions
            },
            scripts=[{"when": one.when, "text": one.text} for one in request.scripts],
            examples=[_example(one) for one in request.examples],
            tags=list(request.tags),
        ),
    }


def _pairs(pairs: Sequence[Pair]) -> dict[str, str] | list[dict[str, Any]]:
    plain = {one.name: one.value for one in pairs if one.enabled and not one.note}
    return plain if len(plain) == len(pairs) else [_pair(one) for one in pairs]


def _pair(pair: Pair) -> dict[str, Any]:
    return {"name": pair.name, "value": pair.value, **_some(note=pair.note), **_off(pair.enabled)}


def _off(enabled: bool) -> dict[str, Any]:
    return {} if enabled else {"enabled": False}


def variables_of(variables: Sequence[Variable]) -> dict[str, Any]:
    """Variables by their names; of several of one name, the last, as in a run."""
    return {one.name: _variable(one) for one in variables}


def _variable(variable: Variable) -> Any:
    value: Any = variable.value
    if isinstance(value, SecretReference):
        value = {value.kind: value.name}
    if variable.enabled and not variable.note:
        return value
    return {"value": value, **_some(note=variable.note), **_off(variable.enabled)}


def _auth(auth: Auth | None) -> Any:
    if auth is None or auth.kind == "none":
        return None if auth is None else "none"
    settings = dict(auth.settings)
    if auth.kind == "bearer":
        return {"bearer": settings.get("token", "")}
    if auth.kind == "basic":
        return {"basic": settings}
    return {"api_key": settings} if auth.kind == "api-key" else {"other": {"kind": auth.kind, "settings": settings}}


def _body(body: Body) -> dict[str, Any]:
    media = _some(media=body.media)
    if body.kind == "form":
        return {"form": _pairs(body.fields), **media}
    if body.kind == "multipart":
        return {"multipart": [_part(one) for one in body.parts], **media}
    if body.kind == "file":
        return {"file": body.file, **media}
    if body.kind == "graphql":
        return {"graphql": {"query": body.text, **_some(variables=body.variables)}, **media}
    if body.media == "application/json" and (value := _as_written(body.text)):
        return {"json": value[0]}
    return {"text": body.text, **media}


def _as_written(text: str) -> tuple[Any, ...]:
    """The value of a JSON text that is written as this is read, in a tuple; nothing for others."""
    try:
        value = json.loads(text)
        return (value,) if json.dumps(value, ensure_ascii=False, indent=2) == text and value is not None else ()
    except (ValueError, RecursionError):
        return ()


def _part(part: Part) -> dict[str, Any]:
    held = _some(value=part.value, file=part.file, media=part.media, note=part.note)
    return {"name": part.name, **held, **_off(part.enabled)}


def _assertion(one: Assertion) -> dict[str, Any]:
    if one.subject == "status" and one.operator in ("equals", "one-of", "matches"):
        return {"status": one.value}
    if one.subject == "time":
        return {"time_ms": one.value}
    if one.subject == "contract":
        return {"contract": one.value is not False}
    subject = one.at if one.subject in ("header", "json") else True
    return {one.subject: subject, one.operator.replace("-", "_"): one.value}


def _example(example: Example) -> dict[str, Any]:
    held = _some(headers=_pairs(example.headers), body=example.body)
    return {"name": example.name, "status": example.status, **held}

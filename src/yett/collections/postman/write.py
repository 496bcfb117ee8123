"""Our collection becomes one of Postman's, version 2.1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from yett.collections.losses import Losses
from yett.collections.model import Folder
from yett.collections.scripts import joined, sentence, written
from yett.collections.urls import join_query, parts_of
from yett.model.secret import SecretReference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yett.collections.model import (
        Auth,
        Body,
        Collection,
        Environment,
        Example,
        Pair,
        Part,
        Request,
        Script,
        Variable,
    )
    from yett.model.diagnostic import Diagnostic

SCHEMA: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_LANGUAGES: Final = {
    "application/json": "json", "application/xml": "xml", "text/html": "html", "application/javascript": "javascript",
}  # fmt: skip


def write_postman(collection: Collection) -> tuple[dict[str, Any], tuple[Diagnostic, ...]]:
    """The document, and what it cannot hold. Environments are files of their own: `write_environment`."""
    losses = Losses(collection, "a Postman collection")
    writer = _Writer(losses)
    losses.tell_any(collection.name, headers_of_the_collection=collection.headers)
    document: dict[str, Any] = {
        "info": {
            "name": collection.name,
            "schema": SCHEMA,
            **_some(description=collection.note, version=collection.version),
        },
        "item": [writer.item(one, "") for one in collection.items],
        **_some(
            event=_events(collection.scripts, []),
            variable=writer.variables(collection.variables, collection.name),
            auth=_auth(collection.auth),
        ),
    }
    return document, losses.all()


def write_environment(environment: Environment, losses: Losses) -> dict[str, Any]:
    """A Postman environment."""
    values = _Writer(losses).variables(environment.variables, environment.name)
    for one in values:
        one["enabled"] = not one.pop("disabled", False)
    return {"name": environment.name, "values": values, "_postman_variable_scope": "environment"}


def _some(**held: Any) -> dict[str, Any]:
    return {key: value for key, value in held.items() if value not in ("", None, [], {})}


class _Writer:
    def __init__(self, losses: Losses) -> None:
        self.losses = losses

    def item(self, item: Folder | Request, above: str) -> dict[str, Any]:
        title = f"{above} / {item.name}" if above else item.name
        return self.folder(item, title) if isinstance(item, Folder) else self.request(item, title)

    def folder(self, folder: Folder, title: str) -> dict[str, Any]:
        self.losses.tell_any(title, headers_of_a_folder=folder.headers)
        return {
            "name": folder.name,
            "item": [self.item(one, title) for one in folder.items],
            **_some(
                description=folder.note,
                event=_events(folder.scripts, []),
                variable=self.variables(folder.variables, title),
                auth=_auth(folder.auth),
            ),
        }

    def request(self, request: Request, title: str) -> dict[str, Any]:
        self.losses.tell_any(title, the_operation=request.operation, tags=request.tags)
        lines, lost = written(request.assertions, request.extractions, "pm")
        for one in lost:
            self.losses.tell(title, f"the assertion that {sentence(one)}")
        made: dict[str, Any] = {"method": request.method, "header": _pairs(request.headers), "url": _url(request)}
        made |= _some(description=request.note, body=self.body(request.body, title), auth=_auth(request.auth))
        return {
            "name": request.name,
            "request": made,
            "response": [_example(one) for one in request.examples],
            **_some(event=_events(request.scripts, lines)),
        }

    def variables(self, variables: Sequence[Variable], title: str) -> list[dict[str, Any]]:
        found = []
        for one in variables:
            self.losses.secret(title, one)
            made: dict[str, Any] = {"key": one.name}
            if isinstance(one.value, SecretReference):
                made |= {"value": "", "type": "secret", "description": f"{{{one.value.kind}: {one.value.name}}}"}
            else:
                made |= {"value": one.value, "type": "string", **_some(description=one.note)}
            found.append(made if one.enabled else {**made, "disabled": True})
        return found

    def body(self, body: Body | None, title: str) -> dict[str, Any] | None:
        if body is None:
            return None
        if body.kind == "form":
            return {"mode": "urlencoded", "urlencoded": _pairs(body.fields)}
        if body.kind == "multipart":
            return {"mode": "formdata", "formdata": [_part(one) for one in body.parts]}
        if body.kind == "file":
            self.losses.tell_any(title, the_media_type_of_a_file=body.media)
            return {"mode": "file", "file": {"src": body.file}}
        if body.kind == "graphql":
            return {"mode": "graphql", "graphql": {"query": body.text, "variables": body.variables}}
        made: dict[str, Any] = {"mode": "raw", "raw": body.text}
        if body.media in _LANGUAGES:
            made["options"] = {"raw": {"language": _LANGUAGES[body.media]}}
        elif body.media:
            self.losses.tell(title, f"the media type {body.media} of a body", "send it as a header: content-type")
        return made


def _pairs(pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    return [
        {
            "key": one.name,
            "value": one.value,
            **_some(description=one.note),
            **({} if one.enabled else {"disabled": True}),
        }
        for one in pairs
    ]


def _part(part: Part) -> dict[str, Any]:
    made: dict[str, Any] = {"key": part.name}
    made |= {"type": "file", "src": part.file} if part.file else {"type": "text", "value": part.value}
    return {
        **made,
        **_some(contentType=part.media, description=part.note),
        **({} if part.enabled else {"disabled": True}),
    }


def _url(request: Request) -> dict[str, Any]:
    scheme, host, path = parts_of(request.url)
    made: dict[str, Any] = {"raw": join_query(request.url, request.query)}
    if scheme:
        made["protocol"] = scheme
    name, colon, port = host.rpartition(":")
    if colon and port.isdigit():
        host, made["port"] = name, port
    made["host"] = [host] if "{{" in host else host.split(".")
    made["path"] = path
    return {**made, **_some(query=_pairs(request.query), variable=_pairs(request.path))}


def _auth(auth: Auth | None) -> dict[str, Any] | None:
    if auth is None:
        return None
    if auth.kind == "none":
        return {"type": "noauth"}
    kind = "apikey" if auth.kind == "api-key" else auth.kind
    names = {"name": "key"} if auth.kind == "api-key" else {}
    settings = [{"key": names.get(key, key), "value": value, "type": "string"} for key, value in auth.settings]
    return {"type": kind, kind: settings}


def _example(example: Example) -> dict[str, Any]:
    return {"name": example.name, "code": example.status, "header": _pairs(example.headers), "body": example.body}


def _events(scripts: Sequence[Script], lines: list[str]) -> list[dict[str, Any]]:
    before = joined([one for one in scripts if one.when == "before"])
    after = "\n".join([*([joined(kept)] if (kept := [one for one in scripts if one.when == "after"]) else []), *lines])
    texts = (("prerequest", before), ("test", after))
    return [
        {"listen": listen, "script": {"type": "text/javascript", "exec": text.split("\n")}}
        for listen, text in texts
        if text
    ]

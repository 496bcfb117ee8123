"""Our collection becomes a file of Insomnia's, version 5."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from yett.collections.losses import Losses
from yett.collections.model import Folder
from yett.collections.scripts import joined, sentence, written
from yett.model.secret import SecretReference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yett.collections.model import Auth, Body, Collection, Environment, Pair, Part, Request, Script, Variable
    from yett.model.diagnostic import Diagnostic

_VARIABLE: Final = re.compile(r"\{\{([\w.$-]+)\}\}")


def write_insomnia(collection: Collection) -> tuple[dict[str, Any], tuple[Diagnostic, ...]]:
    """The document, and what it cannot hold."""
    losses = Losses(collection, "Insomnia's file")
    losses.tell_any(
        collection.name, headers_of_the_collection=collection.headers, the_proof_of_the_collection=collection.auth,
        scripts_of_the_collection=collection.scripts, the_version=collection.version,
    )  # fmt: skip
    writer = _Writer(losses)
    base: dict[str, Any] = {"name": "Base Environment", "data": writer.data(collection.variables, collection.name)}
    others = [writer.environment(one) for one in collection.environments]
    document: dict[str, Any] = {
        "type": "collection.insomnia.rest/5.0",
        "schema_version": "5.1",
        "name": collection.name,
        **_some(meta=_some(description=collection.note)),
        "collection": [writer.item(one, "", number) for number, one in enumerate(collection.items)],
        "environments": {**base, **_some(subEnvironments=others)},
    }
    return document, losses.all()


def _theirs(text: str) -> str:
    return _VARIABLE.sub(r"{{ _.\1 }}", text)


class _Writer:
    def __init__(self, losses: Losses) -> None:
        self.losses = losses

    def item(self, item: Folder | Request, above: str, number: int) -> dict[str, Any]:
        title = f"{above} / {item.name}" if above else item.name
        meta = {"sortKey": number, **({"description": item.note} if item.note else {})}
        made = self.folder(item, title) if isinstance(item, Folder) else self.request(item, title)
        return {"name": item.name, "meta": meta, **made}

    def folder(self, folder: Folder, title: str) -> dict[str, Any]:
        made: dict[str, Any] = {"children": [self.item(one, title, number) for number, one in enumerate(folder.items)]}
        if not folder.items:
            self.losses.tell(title, "an empty folder without a trace", "it may be shown as a request")
        made |= _some(
            headers=_pairs(folder.headers), authentication=_auth(folder.auth), scripts=_scripts(folder.scripts, [])
        )
        return made | _some(environment=self.data(folder.variables, title))

    def request(self, request: Request, title: str) -> dict[str, Any]:
        self.losses.tell_any(title, examples=request.examples, tags=request.tags, the_operation=request.operation)
        lines, lost = written(request.assertions, request.extractions, "insomnia")
        for one in lost:
            self.losses.tell(title, f"the assertion that {sentence(one)}")
        return {
            "url": _theirs(request.url),
            "method": request.method,
            **_some(
                parameters=_pairs(request.query), pathParameters=_pairs(request.path), headers=_pairs(request.headers),
                body=self.body(request.body, title), authentication=_auth(request.auth),
                scripts=_scripts(request.scripts, lines),
            ),
        }  # fmt: skip

    def data(self, variables: Sequence[Variable], title: str) -> dict[str, Any]:
        """Values by name: those with dots in objects, as they are asked for there."""
        made: dict[str, Any] = {}
        for one in variables:
            self.losses.secret(title, one)
            self.losses.tell_any(title, **{f"the note of the variable {one.name}": one.note})
            if not one.enabled:
                self.losses.tell(title, f"the disabled variable {one.name}")
                continue
            self.put(made, one, title)
        return made

    def put(self, made: dict[str, Any], one: Variable, title: str) -> None:
        value = "" if isinstance(one.value, SecretReference) else _theirs(one.value)
        *above, last = one.name.split(".")
        for key in above:
            inner = made.setdefault(key, {})
            if not isinstance(inner, dict):
                self.losses.tell(title, f"the variable {one.name} beside one called {key}")
                return
            made = inner
        if isinstance(made.get(last), dict):
            self.losses.tell(title, f"the variable {one.name} beside others in it")
            return
        made[last] = value

    def environment(self, environment: Environment) -> dict[str, Any]:
        return {"name": environment.name, "data": self.data(environment.variables, environment.name)}

    def body(self, body: Body | None, title: str) -> dict[str, Any] | None:
        if body is None:
            return None
        if body.kind == "form":
            return {"mimeType": "application/x-www-form-urlencoded", "params": _pairs(body.fields)}
        if body.kind == "multipart":
            self.losses.tell_any(title, media_types_of_parts=[one for one in body.parts if one.media])
            return {"mimeType": "multipart/form-data", "params": [_part(one) for one in body.parts]}
        if body.kind == "graphql":
            return {
                "mimeType": "application/graphql",
                "text": json.dumps({"query": body.text, "variables": body.variables}),
            }
        if body.kind == "file":
            return {**_some(mimeType=body.media), "fileName": body.file}
        return {**_some(mimeType=body.media), "text": _theirs(body.text)}


def _some(**held: Any) -> dict[str, Any]:
    return {key: value for key, value in held.items() if value not in ("", None, [], {})}


def _pairs(pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    return [
        {
            "name": _theirs(one.name),
            "value": _theirs(one.value),
            **_some(description=one.note),
            **({} if one.enabled else {"disabled": True}),
        }
        for one in pairs
    ]


def _part(part: Part) -> dict[str, Any]:
    held = {"type": "file", "fileName": part.file} if part.file else {"type": "text", "value": _theirs(part.value)}
    return {"name": part.name, **held, **_some(description=part.note), **({} if part.enabled else {"disabled": True})}


def _auth(auth: Auth | None) -> dict[str, Any] | None:
    if auth is None:
        return None
    settings = {key: _theirs(value) for key, value in auth.settings}
    if auth.kind == "api-key":
        where = "queryParams" if settings.get("in") == "query" else "header"
        return {"type": "apikey", "key": settings.get("name", ""), "value": settings.get("value", ""), "addTo": where}
    return {"type": auth.kind, **settings}


def _scripts(scripts: Sequence[Script], lines: list[str]) -> dict[str, str]:
    before = joined([one for one in scripts if one.when == "before"])
    after = "\n".join([*([joined(kept)] if (kept := [one for one in scripts if one.when == "after"]) else []), *lines])
    return _some(preRequest=before, afterResponse=after)

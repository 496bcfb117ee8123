"""Our collection becomes a folder of Bruno's `.bru` files."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from yett.collections.bruno.expressions import written_assertion, written_point
from yett.collections.bruno.language import written_blocks
from yett.collections.losses import Losses
from yett.collections.model import Folder
from yett.collections.scripts import joined, sentence
from yett.collections.urls import join_query
from yett.model.secret import SecretReference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yett.collections.model import Auth, Body, Collection, Pair, Part, Request, Script, Variable
    from yett.model.diagnostic import Diagnostic

_Blocks = list[tuple[str, Any]]
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"})
_KINDS: Final = {"application/json": "json", "application/xml": "xml", "application/sparql-query": "sparql"}


def write_bruno(collection: Collection) -> tuple[dict[str, str], tuple[Diagnostic, ...]]:
    """The files by their path in the collection's folder, and what they cannot hold."""
    losses = Losses(collection, "Bruno's form")
    losses.tell_any(collection.name, the_version=collection.version)
    if "'''" in repr(collection) or "\\r" in repr(collection):
        losses.tell(collection.name, "carriage returns, and `'''` in a line of its own")
    writer = _Writer(losses)
    settings = {"version": "1", "name": collection.name, "type": "collection"}
    files = {"bruno.json": json.dumps(settings, indent=2, ensure_ascii=False) + "\n"}
    shared = writer.shared(collection, collection.name)
    if shared:
        files["collection.bru"] = written_blocks(shared)
    names = _Names()
    for one in collection.environments:
        name = names.of(one.name)
        if name != one.name:
            losses.tell(one.name, "the name of this environment as it is", f"it is called {name}")
        held: _Blocks = [("vars", writer.variables(one.variables, one.name))]
        files[f"environments/{name}.bru"] = written_blocks(held)
    writer.items(collection.items, "", "", files)
    return files, losses.all()


class _Names:
    """Names of files: plain, and each once."""

    def __init__(self, *taken: str) -> None:
        self.taken = {one.lower() for one in taken}

    def of(self, name: str) -> str:
        base = re.sub(r"[^\w .()@+-]+", "-", name).strip(" .-")[:80] or "unnamed"
        found, number = base, 2
        while found.lower() in self.taken:
            found, number = f"{base} {number}", number + 1
        self.taken.add(found.lower())
        return found


class _Writer:
    def __init__(self, losses: Losses) -> None:
        self.losses = losses

    def items(self, items: Sequence[Folder | Request], path: str, above: str, files: dict[str, str]) -> None:
        names = _Names("collection", "folder", "environments", "bruno")
        for number, one in enumerate(items, 1):
            title = f"{above} / {one.name}" if above else one.name
            name = names.of(one.name)
            if isinstance(one, Folder):
                meta = ("meta", [_entry("name", one.name), _entry("seq", str(number))])
                files[f"{path}{name}/folder.bru"] = written_blocks([meta, *self.shared(one, title)])
                self.items(one.items, f"{path}{name}/", title, files)
            else:
                files[f"{path}{name}.bru"] = written_blocks(self.request(one, number, title))

    def shared(self, held: Folder | Collection, title: str) -> _Blocks:
        blocks: _Blocks = []
        if held.headers:
            blocks.append(("headers", self.pairs(held.headers, title)))
        if held.auth is not None:
            kind, settings = _auth(held.auth)
            blocks.append(("auth", [_entry("mode", kind)]))
            blocks += settings
        if held.variables:
            blocks.append(("vars:pre-request", self.variables(held.variables, title)))
        return [*blocks, *_scripts(held.scripts), *([("docs", held.note)] if held.note else [])]

    def request(self, one: Request, number: int, title: str) -> _Blocks:
        self.losses.tell_any(title, examples=one.examples, the_operation=one.operation)
        kind, settings = ("inherit", []) if one.auth is None else _auth(one.auth)
        tags = [_entry("tags", f"[{', '.join(one.tags)}]")] if one.tags else []
        body_kind, body_blocks = self.body(one.body, title)
        call = [_entry("url", join_query(one.url, one.query)), _entry("body", body_kind), _entry("auth", kind)]
        name = one.method.lower() if one.method in _METHODS else "http"
        if name == "http":
            call.append(_entry("method", one.method))
        blocks: _Blocks = [
            ("meta", [_entry("name", one.name), _entry("type", "http"), _entry("seq", str(number)), *tags]),
            (name, call),
        ]
        for block, pairs in (("params:query", one.query), ("params:path", one.path), ("headers", one.headers)):
            if pairs:
                blocks.append((block, self.pairs(pairs, title)))
        return [
            *blocks,
            *settings,
            *body_blocks,
            *self.checks(one, title),
            *_scripts(one.scripts),
            *([("docs", one.note)] if one.note else []),
        ]

    def pairs(self, pairs: Sequence[Pair], title: str) -> list[dict[str, Any]]:
        self.losses.tell_any(title, notes_of_headers_and_parameters=[one for one in pairs if one.note])
        return [_entry(one.name, one.value, enabled=one.enabled) for one in pairs]

    def variables(self, variables: Sequence[Variable], title: str) -> list[dict[str, Any]]:
        return [_entry(one.name, self.value(one, title), enabled=one.enabled) for one in variables]

    def value(self, one: Variable, title: str) -> str:
        self.losses.tell_any(title, **{f"the note of the variable {one.name}": one.note})
        if not isinstance(one.value, SecretReference):
            return one.value
        if one.value.kind == "env":
            return f"{{{{process.env.{one.value.name}}}}}"
        self.losses.secret(title, one)
        return ""

    def checks(self, one: Request, title: str) -> _Blocks:
        entries, taken = [], []
        for each in one.assertions:
            said = written_assertion(each)
            if said is None:
                self.losses.tell(title, f"the assertion that {sentence(each)}")
            else:
                entries.append(_entry(said[0], f"{said[1]} {said[2]}".strip()))
        for each_taken in one.extractions:
            expression = written_point(each_taken.source, each_taken.at)
            if expression is None:
                self.losses.tell(title, f"the variable {each_taken.variable}, which is taken from an answer")
            else:
                taken.append(_entry(each_taken.variable, expression))
        return [(name, held) for name, held in (("assert", entries), ("vars:post-response", taken)) if held]

    def body(self, body: Body | None, title: str) -> tuple[str, _Blocks]:
        if body is None:
            return "none", []
        if body.kind == "form":
            return "form-urlencoded", [("body:form-urlencoded", self.pairs(body.fields, title))]
        if body.kind == "multipart":
            return "multipart-form", [("body:multipart-form", [self.part(one, title) for one in body.parts])]
        if body.kind == "graphql":
            blocks: _Blocks = [("body:graphql", body.text)]
            return "graphql", [*blocks, *([("body:graphql:vars", body.variables)] if body.variables else [])]
        if body.kind == "file":
            media = f" @contentType({body.media})" if body.media else ""
            return "file", [("body:file", [_entry("file", f"@file({body.file}){media}")])]
        kind = _KINDS.get(body.media, "text")
        if kind == "text" and body.media:
            self.losses.tell(title, f"the media type {body.media} of a body", "send it as a header: content-type")
        return kind, [(f"body:{kind}", body.text)]

    def part(self, part: Part, title: str) -> dict[str, Any]:
        self.losses.tell_any(title, notes_of_parts=part.note)
        media = f" @contentType({part.media})" if part.media else ""
        value = f"@file({part.file})" if part.file else part.value
        return _entry(part.name, f"{value}{media}", enabled=part.enabled)


def _entry(name: str, value: str, *, enabled: bool = True) -> dict[str, Any]:
    return {"name": name, "value": value, "enabled": enabled}


def _auth(auth: Auth) -> tuple[str, _Blocks]:
    if auth.kind == "none":
        return "none", []
    settings = dict(auth.settings)
    if auth.kind == "api-key":
        where = "queryparams" if settings.get("in") == "query" else "header"
        held = {"key": settings.get("name", ""), "value": settings.get("value", ""), "placement": where}
        return "apikey", [("auth:apikey", [_entry(*one) for one in held.items()])]
    return auth.kind, [(f"auth:{auth.kind}", [_entry(*one) for one in auth.settings])]


def _scripts(scripts: Sequence[Script]) -> _Blocks:
    before = joined([one for one in scripts if one.when == "before"])
    after = joined([one for one in scripts if one.when == "after"])
    return [(name, text) for name, text in (("script:pre-request", before), ("script:post-response", after)) if text]

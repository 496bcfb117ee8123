"""A contract made from a collection: what its requests and examples show, and nothing they do not."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from yett.collections.losses import Losses
from yett.collections.model import Auth, Collection, Example, Pair, Request, Step, steps_of
from yett.design.inference import infer
from yett.design.recordings import UNKNOWN, Body, Call

if TYPE_CHECKING:
    from yett.model.diagnostic import Diagnostic

_METHODS: Final = frozenset({"GET", "PUT", "POST", "DELETE", "HEAD", "PATCH"})
_STAND_IN: Final = "1"


def contract_of(collection: Collection) -> tuple[dict[str, Any], tuple[Diagnostic, ...]]:
    """An OpenAPI 3.1 document, and what of the collection it does not hold."""
    losses = Losses(collection, "a contract")
    losses.tell_any(
        collection.name,
        variables=collection.variables,
        environments=collection.environments,
        scripts=collection.scripts,
    )
    calls: list[Call] = []
    for step in steps_of(collection):
        if step.request.method not in _METHODS:
            losses.tell(step.title, f"a request with the method {step.request.method}")
            continue
        one = step.request
        losses.tell_any(
            step.title, assertions=one.assertions, extractions=one.extractions, scripts=one.scripts,
            the_description=one.note,
        )  # fmt: skip
        calls += _calls(step, collection)
    document: dict[str, Any] = infer(calls, collection.name) if calls else {"openapi": "3.1.1", "info": {}, "paths": {}}
    document["info"] = {"title": collection.name, "version": collection.version or "0.1.0"}
    document["servers"] = [{"url": "/"}]
    return document, losses.all()


def _calls(step: Step, collection: Collection) -> list[Call]:
    one = step.request
    auth = next(
        (held for held in (one.auth, *(each.auth for each in reversed(step.folders)), collection.auth) if held), None
    )
    examples = one.examples or (Example("", _status(one)),)
    return [_call(one, example, _schemes(auth, one.headers)) for example in examples if 200 <= example.status <= 599]


def _status(request: Request) -> int:
    said = (one.value for one in request.assertions if one.subject == "status" and one.operator == "equals")
    return next((one for one in said if isinstance(one, int)), 200)


def _call(request: Request, example: Example, schemes: frozenset[str]) -> Call:
    values = {one.name: one.value for one in request.path}
    path = re.sub(r"^(?:[A-Za-z][A-Za-z0-9+.-]*://[^/]*|\{\{[^{}]*\}\}[^/]*)", "", request.url)
    # A parameter is shown by a value that looks like one: the inference names it by what stands before it.
    segments = tuple(_segment(one, values) for one in path.split("/")[1:])
    query = tuple((one.name, _plain(one.value)) for one in request.query if one.enabled)
    return Call(request.method, "", "/", segments, query, schemes, _body(request), example.status, _answer(example))


def _segment(part: str, values: dict[str, str]) -> str:
    if part.startswith(":"):
        value = values.get(part[1:], "")
        return value if value.isdigit() else _STAND_IN
    return _STAND_IN if "{{" in part else part


def _plain(text: str) -> str:
    return re.sub(r"\{\{[^{}]*\}\}", "text", text)


def _body(request: Request) -> Body | None:
    body = request.body
    if body is None:
        return None
    if body.kind == "form":
        return Body("application/x-www-form-urlencoded", {one.name: _plain(one.value) for one in body.fields})
    if body.kind == "multipart":
        return Body("multipart/form-data", {one.name: _plain(one.value) for one in body.parts})
    if body.kind == "graphql":
        return Body("application/json", {"query": "", "variables": {}})
    return _value(body.media or _media(request.headers) or "text/plain", _plain(body.text))


def _answer(example: Example) -> Body | None:
    media = _media(example.headers)
    if not example.body:
        return None
    return _value(media or "application/json", example.body)


def _media(headers: tuple[Pair, ...]) -> str:
    return next(
        (one.value.partition(";")[0].strip().lower() for one in headers if one.name.lower() == "content-type"), ""
    )


def _value(media: str, text: str) -> Body:
    media = media.partition(";")[0].strip().lower()
    if media.endswith("json"):
        try:
            return Body(media, json.loads(text))
        except (ValueError, RecursionError):
            return Body(media, UNKNOWN)
    if media == "application/x-www-form-urlencoded":
        return Body(media, dict(parse_qsl(text)))
    return Body(media, UNKNOWN)


def _schemes(auth: Auth | None, headers: tuple[Pair, ...]) -> frozenset[str]:
    if auth is not None and auth.kind in ("basic", "bearer"):
        return frozenset({auth.kind})
    if auth is not None and auth.kind == "api-key" and auth.get("in") != "query":
        return frozenset({f"header:{auth.get('name').lower()}"})
    found = {one.value.partition(" ")[0].lower() for one in headers if one.name.lower() == "authorization"}
    return frozenset(found & {"basic", "bearer"})

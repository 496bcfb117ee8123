"""HAR 1.2: recorded calls become requests with what was answered as examples; requests become a recording to replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from yett.collections.losses import Losses
from yett.collections.model import Assertion, Body, Collection, Example, Pair, Part, Request, empty_folders, steps_of
from yett.collections.secrets import Vault
from yett.collections.urls import join_query, split_query

if TYPE_CHECKING:
    from yett.collections.model import Step
    from yett.collections.reading import Spot
    from yett.model.diagnostic import Diagnostic

_NOT_SENT: Final = frozenset(
    {"content-length", "host", "connection", "accept-encoding", "transfer-encoding", "te", "upgrade"}
)
_LONGEST_EXAMPLE: Final = 20_000
_ASIDE: Final = ("startedDateTime", "time", "timings", "cache", "serverIPAddress", "connection", "pageref", "comment")


def read_har(root: Spot) -> Collection:
    """The collection of a recording: each call once, with the status that was seen as what is expected."""
    log = root / "log"
    vault = Vault()
    found: dict[tuple[str, str, tuple[Pair, ...], Body | None], Request] = {}
    for entry in (log / "entries").objects():
        request = _request(entry, vault)
        if request is None:
            continue
        key = (request.method, request.url, request.query, request.body)
        if key in found:
            entry.note("call-repeated", "the same call was recorded before: it is in the collection once")
        else:
            found[key] = request
    name = (log / "comment").text() or "recorded"
    return Collection(name, tuple(found.values()), variables=vault.variables)


def _request(entry: Spot, vault: Vault) -> Request | None:
    spot, answer = entry / "request", entry / "response"
    method, url = (spot / "method").method(), (spot / "url").text()
    if not url or ("://" in url[:20] and not url.lower().startswith(("http://", "https://"))):
        entry.note("not-kept", "this is no call over HTTP and was left out")
        return None
    entry.lost("request", "response", silent=_ASIDE)
    address, query, fragment = split_query(vault.free(spot / "url", url))
    if fragment:
        (spot / "url").note("not-kept", "the part behind `#` is never sent and was left out")
    status = (answer / "status").number()
    return Request(
        (entry / "comment").text() or f"{method} {address.partition('://')[2].partition('/')[2] or '/'}"[:200],
        method,
        address,
        query=tuple(vault.pair(spot / "url", one.name, one.value) for one in query),
        headers=_headers(spot / "headers", vault),
        body=_body(spot / "postData", vault),
        assertions=(Assertion("status", "equals", status),) if 100 <= status <= 599 else (),
        examples=_examples(answer, status, vault),
    )


def _headers(spot: Spot, vault: Vault) -> tuple[Pair, ...]:
    pairs = []
    for one in spot.objects() if spot.value is not None else ():
        name = (one / "name").text()
        if not name.startswith(":") and name.lower() not in _NOT_SENT:
            pairs.append(vault.pair(one / "value", name, (one / "value").text()))
    return tuple(pairs)


def _body(spot: Spot, vault: Vault) -> Body | None:
    if not isinstance(spot.value, dict):
        spot.wrong("a mapping")
        return None
    spot.lost("mimeType", "text", "params", "comment", silent=("encoding",))
    media = (spot / "mimeType").text()
    plain = media.partition(";")[0].strip().lower()
    if "params" in spot.value and plain == "application/x-www-form-urlencoded":
        fields = ((one, (one / "name").text(), (one / "value").text()) for one in (spot / "params").objects())
        return Body("form", fields=tuple(vault.pair(one, name, value) for one, name, value in fields))
    if "params" in spot.value and plain == "multipart/form-data":
        return Body("multipart", parts=tuple(_part(one, vault) for one in (spot / "params").objects()))
    return Body("text", media, vault.free(spot / "text", (spot / "text").text()))


def _part(spot: Spot, vault: Vault) -> Part:
    name, file = (spot / "name").text(), (spot / "fileName").text()
    value = "" if file else vault.named(spot / "value", name, (spot / "value").text())
    return Part(name, value, file=file, media=(spot / "contentType").text())


def _examples(answer: Spot, status: int, vault: Vault) -> tuple[Example, ...]:
    content = answer / "content"
    text = (content / "text").text()
    if not 100 <= status <= 599:
        return ()
    if (content / "encoding").value == "base64" or len(text) > _LONGEST_EXAMPLE:
        content.note("not-kept", "a long or binary answer was left out")
        text = ""
    media = (content / "mimeType").text()
    headers = (Pair("content-type", media),) if media else ()
    return (Example("recorded", status, headers, vault.free(content / "text", text)),)


def write_har(collection: Collection) -> tuple[dict[str, Any], tuple[Diagnostic, ...]]:
    """A recording of the requests, with variables as they are written, and of the first example of each."""
    losses = Losses(collection, "a recording")
    losses.tell_any(
        collection.name, the_description=collection.note, headers_of_the_collection=collection.headers,
        the_proof_of_the_collection=collection.auth, variables=collection.variables, scripts=collection.scripts,
        environments=collection.environments, the_version=collection.version,
    )  # fmt: skip
    for title in empty_folders(collection):
        losses.tell(title, "a folder without requests")
    entries = [_entry(step, losses) for step in steps_of(collection)]
    log: dict[str, Any] = {
        "version": "1.2",
        "comment": collection.name,
        "creator": {"name": "yett", "version": "1"},
        "entries": entries,
    }
    return {"log": log}, losses.all()


def _entry(step: Step, losses: Losses) -> dict[str, Any]:
    one = step.request
    assertions = [held for held in one.assertions if held != _status_of(one)]
    losses.tell_any(
        step.title, its_folders=step.folders, the_description=one.note, parameters_of_the_path=one.path,
        a_proof=one.auth, assertions=assertions, extractions=one.extractions, scripts=one.scripts, tags=one.tags,
        all_but_one_of_its_examples=one.examples[1:], the_operation=one.operation,
        disabled_headers_and_parameters=[held for held in (*one.headers, *one.query) if not held.enabled],
        notes_of_headers_and_parameters=[held for held in (*one.headers, *one.query) if held.note],
    )  # fmt: skip
    request: dict[str, Any] = {
        "method": one.method, "url": join_query(one.url, one.query), "httpVersion": "HTTP/1.1", "cookies": [],
        "headers": _named(one.headers), "queryString": _named(one.query), "headersSize": -1, "bodySize": -1,
    }  # fmt: skip
    if one.body is not None:
        request["postData"] = _posted(one.body, step.title, losses)
    return {
        "comment": one.name, "startedDateTime": "1970-01-01T00:00:00.000Z", "time": 0, "request": request,
        "response": _answer(one), "cache": {}, "timings": {"send": 0, "wait": 0, "receive": 0},
    }  # fmt: skip


def _status_of(request: Request) -> Assertion | None:
    return Assertion("status", "equals", request.examples[0].status) if request.examples else None


def _named(pairs: tuple[Pair, ...]) -> list[dict[str, str]]:
    return [{"name": one.name, "value": one.value} for one in pairs if one.enabled]


def _posted(body: Body, title: str, losses: Losses) -> dict[str, Any]:
    if body.kind == "form":
        held = [one for one in body.fields if not one.enabled or one.note]
        losses.tell_any(title, disabled_fields_and_notes=held)
        return {"mimeType": "application/x-www-form-urlencoded", "params": _named(body.fields)}
    if body.kind == "multipart":
        losses.tell_any(title, disabled_parts_and_notes=[one for one in body.parts if not one.enabled or one.note])
        parts = [
            {"name": one.name, "value": one.value, "fileName": one.file, "contentType": one.media}
            for one in body.parts
            if one.enabled
        ]
        return {"mimeType": "multipart/form-data", "params": [{k: v for k, v in one.items() if v} for one in parts]}
    if body.kind == "text":
        return {"mimeType": body.media, "text": body.text}
    losses.tell(title, f"a body of the kind {body.kind}")
    return {"mimeType": body.media, "text": body.text}


def _answer(request: Request) -> dict[str, Any]:
    example = request.examples[0] if request.examples else Example("", 0)
    media = next((one.value for one in example.headers if one.name.lower() == "content-type"), "")
    content = {"size": len(example.body.encode()), "mimeType": media, "text": example.body}
    return {
        "status": example.status, "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [],
        "headers": _named(example.headers), "content": content, "redirectURL": "", "headersSize": -1, "bodySize": -1,
    }  # fmt: skip

"""A folder of `.bru` files becomes a collection."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from yett.collections.bruno.expressions import assertion_of, extraction_of
from yett.collections.bruno.language import read_bru
from yett.collections.bruno.parts import Parts
from yett.collections.model import (
    MAX_DEPTH,
    Assertion,
    Auth,
    Body,
    Collection,
    Environment,
    Extraction,
    Folder,
    Pair,
    Part,
    Request,
    Variable,
)
from yett.collections.reading import Notes, Spot
from yett.collections.scripted import Scripted, read_scripts
from yett.collections.urls import split_query
from yett.model.diagnostic import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Mapping

_METHODS: Final = ("get", "post", "put", "patch", "delete", "head", "options", "trace", "connect")
_MEDIA: Final = {"json": "application/json", "xml": "application/xml", "text": "", "sparql": "application/sparql-query"}
_FILE: Final = re.compile(r"@file\((.*?)\)(?:\s*@contentType\((.*?)\))?\Z", re.DOTALL)
_LONGEST_FILE: Final = 10_000
_REQUEST_BLOCKS: Final = (
    "meta", *_METHODS, "http", "params:query", "query", "params:path", "headers", "assert", "vars:post-response",
    "tests", "script:pre-request", "script:post-response", "docs", "body", "body:json", "body:text", "body:xml",
    "body:sparql", "body:form-urlencoded", "body:multipart-form", "body:file", "body:graphql", "body:graphql:vars",
)  # fmt: skip
_SHARED_BLOCKS: Final = (
    "meta", "headers", "auth", "vars:pre-request", "vars:secret", "script:pre-request", "script:post-response",
    "tests", "docs",
)  # fmt: skip


def read_bruno(files: Mapping[str, bytes], notes: Notes) -> Collection:
    """The collection of the files, by their path from the collection's folder."""
    return _Tree(files, notes).read()


class _Tree:
    def __init__(self, files: Mapping[str, bytes], notes: Notes) -> None:
        self.files, self.notes, self.parts = files, notes, Parts()

    def read(self) -> Collection:
        shared = self.shared("collection.bru")
        environments = [one for path in sorted(self.files) if (one := self.environment(path)) is not None]
        items = self.items("", 1)
        return Collection(
            self.name(),
            items,
            note=shared["note"],
            headers=shared["headers"],
            auth=shared["auth"],
            variables=(*shared["variables"], *self.parts.vault.variables),
            scripts=shared["scripts"],
            environments=tuple(environments),
        )

    def name(self) -> str:
        try:
            value = json.loads(self.files.get("bruno.json", b"{}"))
        except (ValueError, RecursionError):
            value = None
            self.notes.add(
                Diagnostic("bruno.json", 0, "", "syntax", "not valid JSON", "the name was not read", "warning")
            )
        name = value.get("name") if isinstance(value, dict) else None
        return name if isinstance(name, str) and name else "collection"

    def items(self, folder: str, depth: int) -> tuple[Folder | Request, ...]:
        found: list[tuple[float, str, Folder | Request]] = []
        folders: set[str] = set()
        for path in self.files:
            rest = path.removeprefix(folder)
            if not path.startswith(folder) or (not folder and path.startswith("environments/")):
                continue
            inner, slash, _ = rest.partition("/")
            if slash:
                folders.add(inner)
            elif rest.endswith(".bru") and rest not in ("collection.bru", "folder.bru"):
                request = self.request(path)
                if request is not None:
                    found.append((*request[:1], rest, request[1]))
        for inner in folders:
            if depth >= MAX_DEPTH:
                message = f"folders are nested more than {MAX_DEPTH} deep: this one was left out"
                self.notes.add(Diagnostic(f"{folder}{inner}", 0, "", "too-deep", message, "flatten them", "warning"))
            elif made := self.folder(f"{folder}{inner}/", inner, depth):
                found.append((made[0], inner, made[1]))
        return tuple(item for _, _, item in sorted(found, key=lambda one: (one[0], one[1])))

    def folder(self, path: str, name: str, depth: int) -> tuple[float, Folder] | None:
        items = self.items(path, depth + 1)
        shared = self.shared(f"{path}folder.bru")
        if not items and f"{path}folder.bru" not in self.files:
            return None
        made = Folder(
            shared["name"] or name, items, note=shared["note"], headers=shared["headers"], auth=shared["auth"],
            variables=shared["variables"], scripts=shared["scripts"],
        )  # fmt: skip
        return shared["seq"], made

    def spot(self, path: str) -> Spot | None:
        document = read_bru(self.files[path], path, self.notes) if path in self.files else None
        return None if document is None else Spot(document, self.notes, document.value)

    def shared(self, path: str) -> dict[str, Any]:
        """What a folder, or the collection, says for everything in it."""
        spot = self.spot(path)
        if spot is None:
            return {"name": "", "seq": 1e9, "note": "", "headers": (), "auth": None, "variables": (), "scripts": ()}
        modes = [key for key in spot.value if key.startswith("auth:")]
        spot.lost(*_SHARED_BLOCKS, silent=tuple(modes))
        meta = _mapping(spot / "meta")
        return {
            "name": meta.get("name", ""),
            "seq": _seq(meta),
            "note": (spot / "docs").text(),
            "headers": self.pairs(spot / "headers"),
            "auth": self.auth(spot, _mapping(spot / "auth").get("mode", "")),
            "variables": (*self.variables(spot / "vars:pre-request"), *self.secrets(spot / "vars:secret")),
            "scripts": self.scripts(spot, translating=False).originals,
        }

    def environment(self, path: str) -> Environment | None:
        name = path.removeprefix("environments/").removesuffix(".bru")
        if not path.startswith("environments/") or not path.endswith(".bru") or "/" in name:
            return None
        spot = self.spot(path)
        if spot is None:
            return None
        spot.lost("vars", "vars:secret", silent=("meta", "color"))
        return Environment(name, (*self.variables(spot / "vars", f"{name} "), *self.secrets(spot / "vars:secret")))

    def request(self, path: str) -> tuple[float, Request] | None:
        spot = self.spot(path)
        if spot is None:
            return None
        method = next((one for one in (*_METHODS, "http") if one in spot.value), None)
        if method is None:
            spot.note("not-kept", "this file holds no request over HTTP and was left out")
            return None
        modes = [key for key in spot.value if key.startswith("auth:")]
        spot.lost(*_REQUEST_BLOCKS, silent=(*modes, "settings"))
        meta, call = _mapping(spot / "meta"), _mapping(spot / method)
        address, query, fragment = split_query(self.parts.text(spot / method, call.get("url", "")))
        if fragment:
            (spot / method).note("not-kept", "the part behind `#` is never sent and was left out")
        written = self.pairs(spot / ("params:query" if "params:query" in spot.value else "query"))
        hidden = tuple(self.parts.vault.pair(spot / method, one.name, one.value) for one in query)
        assertions, extractions = self.checks(spot)
        scripted = self.scripts(spot)
        taken = {one.variable for one in extractions}
        return _seq(meta), Request(
            meta.get("name", "") or path.rpartition("/")[2].removesuffix(".bru"),
            Spot(spot.document, self.notes, call.get("method") if method == "http" else method, (method,)).method(),
            address,
            note=(spot / "docs").text(),
            path=self.pairs(spot / "params:path"),
            query=written or hidden,
            headers=self.pairs(spot / "headers"),
            body=self.body(spot, call.get("body", "none")),
            auth=self.auth(spot, call.get("auth", "")),
            assertions=(*assertions, *(one for one in scripted.assertions if one not in assertions)),
            extractions=(*extractions, *(one for one in scripted.extractions if one.variable not in taken)),
            scripts=scripted.scripts,
            tags=tuple(one.strip() for one in meta.get("tags", "").strip("[]").split(",") if one.strip()),
        )

    def pairs(self, spot: Spot) -> tuple[Pair, ...]:
        return tuple(
            self.parts.vault.pair(spot, one["name"], one["value"], enabled=one["enabled"]) for one in _entries(spot)
        )

    def variables(self, spot: Spot, within: str = "") -> tuple[Variable, ...]:
        held = {
            one["name"]: self.parts.variable(spot, one["name"], one["value"], enabled=one["enabled"], within=within)
            for one in _entries(spot)
        }
        return tuple(held.values())

    def secrets(self, spot: Spot) -> tuple[Variable, ...]:
        names = spot.value if isinstance(spot.value, list) else []
        held = [str(one) for one in names if isinstance(one, str)]
        return tuple(self.parts.secret(one.removeprefix("~"), enabled=not one.startswith("~")) for one in held)

    def auth(self, spot: Spot, kind: str) -> Auth | None:
        settings = _mapping(spot / f"auth:{kind}")
        return self.parts.auth(spot / f"auth:{kind}", kind, settings)

    def checks(self, spot: Spot) -> tuple[tuple[Assertion, ...], tuple[Extraction, ...]]:
        assertions: list[Assertion] = []
        for one in _entries(spot / "assert"):
            operator, _, value = one["value"].partition(" ")
            made = assertion_of(one["name"], operator, value) if one["enabled"] else None
            if made is not None:
                assertions.append(made)
            else:
                (spot / "assert").note(
                    "not-kept", f"the assertion on `{one['name'][:60]}` is off, or of a kind that is not known"
                )
        extractions: dict[str, Extraction] = {}
        for one in _entries(spot / "vars:post-response"):
            taken = extraction_of(one["name"], one["value"]) if one["enabled"] else None
            if taken is not None:
                extractions[one["name"]] = taken
            else:
                (spot / "vars:post-response").note("not-kept", f"the variable `{one['name'][:60]}` is off, or computed")
        return tuple(assertions), tuple(extractions.values())

    def scripts(self, spot: Spot, *, translating: bool = True) -> Scripted:
        keys = (("script:pre-request", "before"), ("script:post-response", "after"), ("tests", "after"))
        found = [
            (spot / key, when, self.parts.text(spot / key, (spot / key).text())) for key, when in keys if spot.has(key)
        ]
        return read_scripts(found, translating=translating)

    def body(self, spot: Spot, kind: str) -> Body | None:
        if kind in ("none", ""):
            return None
        if kind in ("form-urlencoded", "formUrlEncoded"):
            return Body("form", fields=self.pairs(spot / "body:form-urlencoded"))
        if kind in ("multipart-form", "multipartForm"):
            held = spot / "body:multipart-form"
            return Body("multipart", parts=tuple(self.part(held, one) for one in _entries(held)))
        if kind == "graphql":
            variables = (spot / "body:graphql:vars").text()
            return Body(
                "graphql",
                text=self.parts.text(spot / "body:graphql", (spot / "body:graphql").text()),
                variables=variables,
            )
        if kind == "file":
            first = next(iter(_entries(spot / "body:file")), {"value": ""})
            found = _file_in(first["value"])
            return Body("file", (found[2] or "") if found else "", file=found[1] if found else "")
        if kind not in _MEDIA:
            (spot / "body").note("not-kept", f"bodies of the kind {kind[:40]!r} are not known: this one was left out")
            return None
        held = spot / ("body" if "body" in spot.value and f"body:{kind}" not in spot.value else f"body:{kind}")
        return Body("text", _MEDIA[kind], self.parts.text(held, held.text()))

    def part(self, spot: Spot, entry: dict[str, Any]) -> Part:
        found = _file_in(entry["value"])
        if found is not None:
            first, *others = found[1].split("|")
            if others:
                spot.note("not-kept", "only the first of several files was kept", "write one part for each file")
            return Part(entry["name"], file=first, media=found[2] or "", enabled=entry["enabled"])
        value, media = _typed(entry["value"])
        return Part(
            entry["name"], self.parts.vault.named(spot, entry["name"], value), media=media, enabled=entry["enabled"]
        )


def _entries(spot: Spot) -> list[dict[str, Any]]:
    held = spot.value if isinstance(spot.value, list) else []
    return [one for one in held if isinstance(one, dict)]


def _mapping(spot: Spot) -> dict[str, str]:
    return {one["name"]: one["value"] for one in _entries(spot) if one["enabled"]}


def _seq(meta: dict[str, str]) -> float:
    text = meta.get("seq", "")
    return float(text) if re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", text) else 1e9


def _file_in(text: str) -> re.Match[str] | None:
    return _FILE.fullmatch(text) if len(text) <= _LONGEST_FILE else None


def _typed(text: str) -> tuple[str, str]:
    """The value and the media type of a part: `text @contentType(text/csv)`."""
    head, found, media = text.rpartition("@contentType(")
    if not found or not media.endswith(")"):
        return text, ""
    return head.rstrip(), media[:-1]

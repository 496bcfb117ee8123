"""OpenCollection 1.0 in YAML, Bruno's second form: one file, or a folder of `.yml` files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from yett.collections.bruno.expressions import assertion_of
from yett.collections.bruno.parts import Parts
from yett.collections.model import (
    MAX_DEPTH,
    Assertion,
    Auth,
    Body,
    Collection,
    Environment,
    Folder,
    Pair,
    Part,
    Request,
    Variable,
)
from yett.collections.reading import Notes, Spot
from yett.collections.scripted import Scripted, read_scripts
from yett.collections.urls import split_query
from yett.documents import Document, DocumentError, read_document

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROOTS: Final = ("opencollection.yml", "opencollection.yaml")
_MEDIA: Final = {"json": "application/json", "xml": "application/xml", "text": "", "sparql": "application/sparql-query"}


def read_opencollection(files: Mapping[str, bytes], notes: Notes) -> Collection:
    """The collection of the files, by their path from the collection's folder; one file may hold everything."""
    return _Tree(files, notes).read()


class _Tree:
    def __init__(self, files: Mapping[str, bytes], notes: Notes) -> None:
        self.files, self.notes, self.parts = files, notes, Parts()

    def read(self) -> Collection:
        path = next((one for one in _ROOTS if one in self.files), next(iter(self.files)))
        root = self.spot(path) or Spot(Document(path, {}, lambda: (1, None)), self.notes, {})
        root.lost("info", "config", "items", "request", "docs", silent=("opencollection", "bundled", "extensions"))
        shared = self.shared(root)
        held = [self.item(one, 1) for one in (root / "items").objects()] if root.has("items") else []
        items = [one for one in held if one is not None]
        items += [one for one in self.within("", 1) if len(self.files) > 1]
        environments = (
            [self.environment(one) for one in (root / "config" / "environments").objects()]
            if root.has("config")
            else []
        )
        own = (self.spot(name) for name in sorted(self.files) if name.startswith("environments/"))
        environments += [self.environment(one) for one in own if one is not None]
        unique = {one.name: one for one in environments}
        return Collection(
            (root / "info" / "name").text() or "collection",
            tuple(items),
            note=_text(root / "docs") or _text(root / "info" / "summary"),
            version=(root / "info" / "version").text(),
            headers=shared["headers"],
            auth=shared["auth"],
            variables=(*shared["variables"], *self.parts.vault.variables),
            scripts=shared["scripts"],
            environments=tuple(unique.values()),
        )

    def spot(self, path: str) -> Spot | None:
        try:
            document = read_document(self.files[path], file=path)
        except DocumentError as error:
            for one in error.diagnostics:
                self.notes.add(one)
            return None
        return Spot(document, self.notes, document.value)

    def within(self, folder: str, depth: int) -> list[Folder | Request]:
        """The requests and folders that stand in files of their own."""
        found: list[tuple[int, str, Folder | Request]] = []
        folders: set[str] = set()
        for path in self.files:
            rest = path.removeprefix(folder)
            inner, slash, _ = rest.partition("/")
            if not path.startswith(folder) or inner == "environments" or rest in _ROOTS or rest.startswith("folder.y"):
                continue
            if slash:
                folders.add(inner)
            elif (spot := self.spot(path)) is not None and (item := self.item(spot, depth)) is not None:
                found.append(((spot / "info" / "seq").number(1_000_000), rest, item))
        for inner in folders:
            path = f"{folder}{inner}/"
            spot = next(
                (
                    one
                    for name in ("folder.yml", "folder.yaml")
                    if f"{path}{name}" in self.files and (one := self.spot(path + name))
                ),
                None,
            )
            if depth < MAX_DEPTH and (items := self.within(path, depth + 1)):
                found.append(self.folder_of(spot, inner, tuple(items)))
        return [item for _, _, item in sorted(found, key=lambda one: one[:2])]

    def folder_of(self, spot: Spot | None, name: str, items: tuple[Folder | Request, ...]) -> tuple[int, str, Folder]:
        if spot is None:
            return 1_000_000, name, Folder(name, items)
        title = (spot / "info" / "name").text() or name
        return (
            (spot / "info" / "seq").number(1_000_000),
            name,
            Folder(title, items, note=_text(spot / "docs"), **self.shared(spot)),
        )

    def item(self, spot: Spot, depth: int) -> Folder | Request | None:
        kind = (spot / "info" / "type").value or (spot / "type").value
        if kind == "folder" or isinstance((spot / "items").value, list):
            if depth >= MAX_DEPTH:
                spot.note("too-deep", f"folders are nested more than {MAX_DEPTH} deep: this one was left out")
                return None
            inner = [self.item(one, depth + 1) for one in (spot / "items").objects()] if spot.has("items") else []
            name = (spot / "info" / "name").text() or "folder"
            return Folder(
                name, tuple(one for one in inner if one is not None), note=_text(spot / "docs"), **self.shared(spot)
            )
        if not isinstance((spot / "http").value, dict):
            spot.note("not-kept", f"items of the kind {str(kind)[:40]!r} have no place here: this one was left out")
            return None
        return self.request(spot)

    def shared(self, spot: Spot) -> dict[str, Any]:
        request = spot / "request"
        if request.value is None:
            return {"headers": (), "auth": None, "variables": (), "scripts": ()}
        request.lost("headers", "auth", "variables", "scripts", silent=("settings",))
        return {
            "headers": self.pairs(request / "headers"),
            "auth": self.auth(request / "auth"),
            "variables": self.variables(request / "variables"),
            "scripts": self.scripts(request / "scripts", translating=False).originals,
        }

    def request(self, spot: Spot) -> Request:
        spot.lost("info", "http", "runtime", "auth", "docs", silent=("settings", "examples"))
        if spot.has("examples"):
            (spot / "examples").note("not-kept", "examples of this form are not read and were left out")
        call, run = spot / "http", spot / "runtime"
        call.lost("method", "url", "headers", "params", "body", "auth")
        if run.value is not None:
            run.lost("assertions", "scripts", "auth", silent=())
        address, query, _ = split_query(self.parts.text(call / "url", (call / "url").text()))
        params = list((call / "params").objects()) if call.has("params") else []
        in_path = [one for one in params if (one / "type").value == "path"]
        hidden = tuple(self.parts.vault.pair(call / "url", one.name, one.value) for one in query)
        scripted = self.scripts(run / "scripts")
        said = self.assertions(run / "assertions")
        return Request(
            (spot / "info" / "name").text() or address or "request",
            (call / "method").method(),
            address,
            note=_text(spot / "docs") or _text(spot / "info" / "description"),
            path=tuple(map(self.pair, in_path)),
            query=tuple(self.pair(one) for one in params if one not in in_path) or hidden,
            headers=self.pairs(call / "headers"),
            body=self.body(call / "body"),
            auth=next((made for one in (call / "auth", run / "auth", spot / "auth") if (made := self.auth(one))), None),
            assertions=(*said, *(one for one in scripted.assertions if one not in said)),
            extractions=scripted.extractions,
            scripts=scripted.scripts,
            tags=tuple(one.text() for one in (spot / "info" / "tags").items()) if (spot / "info").has("tags") else (),
        )

    def pair(self, spot: Spot) -> Pair:
        spot.lost("name", "value", "disabled", "enabled", "description", silent=("type",))
        enabled = not (spot / "disabled").flag() and (spot / "enabled").flag(default=True)
        return self.parts.vault.pair(
            spot / "value",
            (spot / "name").text(),
            (spot / "value").text(),
            enabled=enabled,
            note=_text(spot / "description"),
        )

    def pairs(self, spot: Spot) -> tuple[Pair, ...]:
        return tuple(map(self.pair, spot.objects())) if spot.value is not None else ()

    def variables(self, spot: Spot, within: str = "") -> tuple[Variable, ...]:
        found: dict[str, Variable] = {}
        for one in spot.objects() if spot.value is not None else ():
            name, enabled = (one / "name").text(), not (one / "disabled").flag()
            value = one / "value" / "data" if isinstance((one / "value").value, dict) else one / "value"
            secret = (one / "secret").value is True or (one / "transient").value is True
            if secret:
                found[name] = self.parts.secret(name, enabled=enabled)
                if value.value not in (None, ""):
                    value.note(
                        "secret-moved",
                        f"the value of the secret `{name[:60]}` was left out",
                        "set the environment variable that is named instead",
                    )
            else:
                found[name] = self.parts.variable(
                    value, name, value.text(), enabled=enabled, within=within, note=_text(one / "description")
                )
        return tuple(found.values())

    def environment(self, spot: Spot) -> Environment:
        spot.lost("name", "variables", silent=("color", "description"))
        name = (spot / "name").text() or "environment"
        return Environment(name, self.variables(spot / "variables", f"{name} "))

    def auth(self, spot: Spot) -> Auth | None:
        if not isinstance(spot.value, dict):
            return Auth("none") if spot.value == "none" else None
        settings = {
            key: one.text() for key, one in spot.entries() if key != "type" and not isinstance(one.value, dict | list)
        }
        return self.parts.auth(spot, (spot / "type").text(), settings)

    def assertions(self, spot: Spot) -> tuple[Assertion, ...]:
        found = []
        for one in spot.objects() if spot.value is not None else ():
            made = assertion_of((one / "expression").text(), (one / "operator").text(), (one / "value").text())
            if made is None or (one / "disabled").value is True:
                one.note("not-kept", "the assertion is off, or of a kind that is not known")
            else:
                found.append(made)
        return tuple(found)

    def scripts(self, spot: Spot, *, translating: bool = True) -> Scripted:
        found = []
        for one in spot.objects() if spot.value is not None else ():
            code = one / ("code" if one.has("code") else "script")
            when = "before" if (one / "type").value == "before-request" else "after"
            if code.value:
                found.append((code, when, self.parts.text(code, code.text())))
        return read_scripts(found, translating=translating)

    def body(self, spot: Spot) -> Body | None:
        kind, data = (spot / "type").value, spot / "data"
        if kind in (None, "none"):
            return None
        if kind == "form-urlencoded":
            return Body("form", fields=self.pairs(data))
        if kind == "multipart-form":
            return Body("multipart", parts=tuple(map(self.part, data.objects())))
        if kind == "graphql":
            held = data if isinstance(data.value, dict) else spot
            return Body("graphql", text=(held / "query").text(), variables=(held / "variables").text())
        if isinstance(kind, str) and kind in _MEDIA:
            return Body("text", _MEDIA[kind], self.parts.text(data, data.text()))
        spot.note("not-kept", f"bodies of the kind {str(kind)[:40]!r} are not known: this one was left out")
        return None

    def part(self, spot: Spot) -> Part:
        name, enabled, media = (spot / "name").text(), not (spot / "disabled").flag(), (spot / "contentType").text()
        if (spot / "type").value == "file":
            value = spot / "value"
            return Part(
                name,
                file=(value / 0).text() if isinstance(value.value, list) else value.text(),
                media=media,
                enabled=enabled,
            )
        return Part(
            name, self.parts.vault.named(spot / "value", name, (spot / "value").text()), media=media, enabled=enabled
        )


def _text(spot: Spot) -> str:
    return (spot / "content").text() if isinstance(spot.value, dict) else spot.text()

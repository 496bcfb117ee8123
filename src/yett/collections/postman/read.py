"""A Postman collection (2.0, 2.1) becomes ours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from yett.collections.model import (
    MAX_DEPTH,
    Auth,
    Body,
    Collection,
    Environment,
    Example,
    Folder,
    Pair,
    Part,
    Request,
    Variable,
)
from yett.collections.scripted import read_scripts
from yett.collections.secrets import Vault
from yett.collections.urls import split_query
from yett.model.secret import SecretReference

if TYPE_CHECKING:
    from yett.collections.reading import Spot
    from yett.collections.scripted import Scripted

_SILENT: Final = (
    "_postman_id",
    "id",
    "uid",
    "_exporter_id",
    "_collection_link",
    "schema",
    "type",
    "updatedAt",
    "createdAt",
)
_LANGUAGES: Final = {
    "json": "application/json", "xml": "application/xml", "html": "text/html", "javascript": "application/javascript",
    "text": "",
}  # fmt: skip
_REFERENCE: Final = re.compile(r"\{(env|file): ([^{}\s]{1,500})\}")


def read_postman(root: Spot) -> Collection:
    """The collection of a document. What it holds and ours cannot is told in the notes."""
    reader = _Reader()
    info = root / "info"
    info.lost("name", "description", "version", silent=_SILENT)
    root.lost("info", "item", "event", "variable", "auth", silent=_SILENT)
    variables = reader.variables(root / "variable")
    reader.vault.reserve({one.name for one in variables})
    scripts = reader.events(root / "event", translating=False).originals
    items = tuple(reader.item(one, 1) for one in (root / "item").objects())
    return Collection(
        (info / "name").text("collection") or "collection",
        tuple(one for one in items if one is not None),
        note=_described(info / "description"),
        version=_version(info / "version"),
        auth=reader.auth(root / "auth"),
        variables=(*variables, *reader.vault.variables),
        scripts=scripts,
    )


def read_environment(root: Spot) -> Environment:
    """An environment that Postman exported."""
    root.lost(
        "name",
        "values",
        silent=(*_SILENT, "_postman_variable_scope", "_postman_exported_at", "_postman_exported_using"),
    )
    name = (root / "name").text("environment") or "environment"
    reader = _Reader()
    variables = reader.variables(root / "values", f"{name} ")
    return Environment(name, (*variables, *reader.vault.variables))


def _described(spot: Spot) -> str:
    if isinstance(spot.value, dict):
        spot = spot / "content"
    return spot.text()


def _version(spot: Spot) -> str:
    if isinstance(spot.value, dict):
        return ".".join((spot / key).text("0") or "0" for key in ("major", "minor", "patch"))
    return spot.text()


class _Reader:
    def __init__(self) -> None:
        self.vault = Vault()

    def item(self, spot: Spot, depth: int) -> Folder | Request | None:
        name = (spot / "name").text()
        if isinstance((spot / "item").value, list):
            if depth >= MAX_DEPTH:
                spot.note("too-deep", f"folders are nested more than {MAX_DEPTH} deep: this one was left out")
                return None
            return self.folder(spot, name or "folder", depth)
        if (spot / "request").value is None:
            spot.note("not-kept", "this is neither a folder nor a request and was left out")
            return None
        return self.request(spot, name)

    def folder(self, spot: Spot, name: str, depth: int) -> Folder:
        spot.lost(
            "name", "item", "description", "event", "variable", "auth", silent=(*_SILENT, "protocolProfileBehavior")
        )
        items = tuple(self.item(one, depth + 1) for one in (spot / "item").objects())
        return Folder(
            name,
            tuple(one for one in items if one is not None),
            note=_described(spot / "description"),
            auth=self.auth(spot / "auth"),
            variables=self.variables(spot / "variable"),
            scripts=self.events(spot / "event", translating=False).originals,
        )

    def request(self, item: Spot, name: str) -> Request:
        item.lost(
            "name", "description", "event", "request", "response", "variable", "protocolProfileBehavior", silent=_SILENT
        )
        spot = item / "request"
        if isinstance(spot.value, str):
            address, query, _ = split_query(self.vault.free(spot, spot.value))
            return Request(name or address, url=address, query=query)
        spot.lost("url", "method", "header", "body", "auth", "description", silent=_SILENT)
        for key in ("variable", "protocolProfileBehavior"):
            if item.has(key):
                (item / key).note("not-kept", f"`{key}` of a request has no place here and was left out")
        address, query, path = self.address(spot / "url")
        scripted = self.events(item / "event")
        return Request(
            name or address or "request",
            (spot / "method").method(),
            address,
            note=_described(spot / "description") or _described(item / "description"),
            path=path,
            query=query,
            headers=self.headers(spot / "header"),
            body=self.body(spot / "body"),
            auth=self.auth(spot / "auth"),
            assertions=scripted.assertions,
            extractions=scripted.extractions,
            scripts=scripted.scripts,
            examples=tuple(self.example(one) for one in (item / "response").objects()),
        )

    def address(self, spot: Spot) -> tuple[str, tuple[Pair, ...], tuple[Pair, ...]]:
        if not isinstance(spot.value, dict):
            address, query, fragment = split_query(self.vault.free(spot, spot.text()))
            self.fragment(spot, fragment)
            return address, self.hidden(spot, query), ()
        spot.lost("raw", "protocol", "host", "port", "path", "query", "variable", "hash", silent=("auth",))
        raw = (spot / "raw").text() if spot.has("raw") else _assembled(spot)
        address, written, fragment = split_query(self.vault.free(spot / "raw", raw))
        self.fragment(spot, fragment)
        query = self.pairs(spot / "query") if spot.has("query") else self.hidden(spot, written)
        return address, query, self.pairs(spot / "variable")

    def fragment(self, spot: Spot, fragment: str) -> None:
        if fragment:
            spot.note("not-kept", "the part behind `#` is never sent and was left out")

    def hidden(self, spot: Spot, query: tuple[Pair, ...]) -> tuple[Pair, ...]:
        return tuple(self.vault.pair(spot, one.name, one.value) for one in query)

    def headers(self, spot: Spot) -> tuple[Pair, ...]:
        if isinstance(spot.value, str):
            lines = [line.partition(":") for line in spot.value.splitlines() if line.strip()]
            return tuple(self.vault.pair(spot, name.strip(), value.strip()) for name, _, value in lines)
        return self.pairs(spot)

    def pairs(self, spot: Spot) -> tuple[Pair, ...]:
        found = []
        for one in spot.objects() if spot.value is not None else ():
            one.lost(
                "key", "value", "disabled", "description", "id", silent=("type", "name", "uuid", "equals", "warning")
            )
            key = (one / "key").text() or (one / "id").text()
            enabled = not (one / "disabled").flag() and (one / "enabled").flag(default=True)
            found.append(
                self.vault.pair(
                    one / "value", key, (one / "value").text(), enabled=enabled, note=_described(one / "description")
                )
            )
        return tuple(found)

    def variables(self, spot: Spot, within: str = "") -> tuple[Variable, ...]:
        found: dict[str, Variable] = {}
        for one in spot.objects() if spot.value is not None else ():
            one.lost(
                "key",
                "value",
                "disabled",
                "enabled",
                "description",
                "id",
                silent=("type", "name", "system", "initialValue"),
            )
            key = (one / "key").text() or (one / "id").text()
            enabled = not (one / "disabled").flag() and (one / "enabled").flag(default=True)
            value, note = self.variable(one, key, within)
            if key in found:
                one.note("not-kept", f"there are two variables `{key[:60]}`: the later one was kept")
            if key:
                found[key] = Variable(key, value, enabled, note)
        return tuple(found.values())

    def variable(self, spot: Spot, key: str, within: str) -> tuple[str | SecretReference, str]:
        note, text = _described(spot / "description"), (spot / "value").text()
        kept = _REFERENCE.fullmatch(note)
        is_secret = (spot / "type").value == "secret"
        if is_secret and not text:
            if kept is not None:
                return SecretReference("env" if kept[1] == "env" else "file", kept[2]), ""
            upper = re.sub(r"[^A-Z0-9]+", "_", key.upper()).strip("_") or "SECRET"
            return SecretReference("env", upper), note
        return self.vault.reference(spot / "value", f"{within}{key}", text, certain=is_secret), self.vault.free(
            spot, note
        )

    def body(self, spot: Spot) -> Body | None:
        mode = (spot / "mode").value
        if mode is None or (spot / "disabled").value is True:
            if (spot / "disabled").value is True:
                spot.note("not-kept", "a disabled body was left out")
            return None
        spot.lost("mode", "raw", "urlencoded", "formdata", "file", "graphql", "options", "disabled")
        if mode == "raw":
            language = (spot / "options" / "raw" / "language").value
            media = _LANGUAGES.get(language, "") if isinstance(language, str) else ""
            return Body("text", media, self.vault.free(spot / "raw", (spot / "raw").text()))
        if mode == "urlencoded":
            return Body("form", fields=self.pairs(spot / "urlencoded"))
        if mode == "formdata":
            return Body("multipart", parts=tuple(self.part(one) for one in (spot / "formdata").objects()))
        if mode == "file":
            return Body("file", file=(spot / "file" / "src").text())
        if mode == "graphql":
            query = spot / "graphql"
            query.lost("query", "variables", silent=("operationName",))
            return Body("graphql", text=(query / "query").text(), variables=(query / "variables").text())
        spot.note("not-kept", f"bodies of the kind {str(mode)[:40]!r} are not known: this one was left out")
        return None

    def part(self, spot: Spot) -> Part:
        spot.lost(
            "key",
            "value",
            "src",
            "type",
            "contentType",
            "disabled",
            "description",
            silent=("uuid", "fileNotInWorkingDirectoryWarning"),
        )
        name, enabled = (spot / "key").text(), not (spot / "disabled").flag()
        media, note = (spot / "contentType").text(), _described(spot / "description")
        if (spot / "type").value == "file":
            source = spot / "src"
            if isinstance(source.value, list):
                if len(source.value) > 1:
                    source.note("not-kept", "only the first of several files was kept", "write one part for each file")
                source = source / 0
            return Part(name, file=source.text(), media=media, enabled=enabled, note=note)
        value = self.vault.named(spot / "value", name, (spot / "value").text())
        return Part(name, value, media=media, enabled=enabled, note=note)

    def auth(self, spot: Spot) -> Auth | None:
        if spot.value is None:
            return None
        kind = (spot / "type").text()
        if not kind or kind == "noauth":
            return Auth("none")
        settings = self.auth_settings(spot / kind)
        if kind == "apikey":
            known = {
                "name": settings.get("key", ""),
                "value": settings.get("value", ""),
                "in": settings.get("in", "header"),
            }
            return Auth("api-key", _sorted(known))
        if kind in ("basic", "bearer"):
            keys = ("username", "password") if kind == "basic" else ("token",)
            return Auth(kind, _sorted({key: settings.get(key, "") for key in keys}))
        spot.note(
            "auth-kept",
            f"proof of the kind {kind[:40]!r} is kept, and no run can give it",
            "run with a header of your own",
        )
        return Auth(kind, _sorted(settings))

    def auth_settings(self, spot: Spot) -> dict[str, str]:
        if isinstance(spot.value, dict):
            entries = [(key, one) for key, one in spot.entries()]
        else:
            entries = (
                [((one / "key").text(), one / "value") for one in spot.objects()] if spot.value is not None else []
            )
        secret = ("token", "password", "value", "accessToken", "clientSecret", "refreshToken", "secretKey", "authKey")
        found = {}
        for key, value in entries:
            if isinstance(value.value, dict | list):
                value.note("not-kept", f"the setting `{key[:60]}` of a proof was left out: it is no text")
                continue
            found[key] = self.vault.named(value, key, value.text(), certain=key in secret)
        return found

    def example(self, spot: Spot) -> Example:
        spot.lost(
            "name",
            "code",
            "header",
            "body",
            silent=(
                *_SILENT,
                "status",
                "_postman_previewlanguage",
                "responseTime",
                "originalRequest",
                "cookie",
                "_postman_previewtype",
                "timings",
            ),
        )
        if spot.has("originalRequest"):
            (spot / "originalRequest").note(
                "not-kept", "the request of an example was left out: the one it belongs to stays"
            )
        body = self.vault.free(spot / "body", (spot / "body").text())
        return Example(
            (spot / "name").text() or "example", (spot / "code").number(200), self.headers(spot / "header"), body
        )

    def events(self, spot: Spot, *, translating: bool = True) -> Scripted:
        found = []
        for one in spot.objects() if spot.value is not None else ():
            script = one / "script"
            code = script / "exec" if isinstance(script.value, dict) else script
            lines = [line.text() for line in code.items()] if isinstance(code.value, list) else [code.text()]
            text = self.vault.free(code, "\n".join(lines))
            if (one / "disabled").value is True and text.strip():
                one.note("not-kept", "a disabled script was left out")
            elif text.strip():
                found.append((code, "before" if (one / "listen").value == "prerequest" else "after", text))
        return read_scripts(found, translating=translating)


def _sorted(settings: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(settings.items()))


def _assembled(spot: Spot) -> str:
    """An address from its parts, where it does not stand there as a whole."""
    scheme = (spot / "protocol").text()
    host, path = spot / "host", spot / "path"
    name = ".".join(one.text() for one in host.items()) if isinstance(host.value, list) else host.text()
    segments = (
        [one.text() if not isinstance(one.value, dict) else (one / "value").text() for one in path.items()]
        if isinstance(path.value, list)
        else [path.text().lstrip("/")]
    )
    port = f":{(spot / 'port').text()}" if spot.has("port") else ""
    start = f"{scheme}://" if scheme else ""
    return f"{start}{name}{port}" + (f"/{'/'.join(segments)}" if path.value else "")

"""Insomnia's files of version 5: a tree of folders and requests, with environments beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yett.collections.insomnia.parts import Parts
from yett.collections.model import MAX_DEPTH, Collection, Environment, Folder, Request, Variable
from yett.collections.scripted import Scripted, read_scripts

if TYPE_CHECKING:
    from yett.collections.reading import Spot

_ASIDE: Final = (
    "meta",
    "settings",
    "schema_version",
    "type",
    "cookieJar",
    "certificates",
    "scripts",
    "environmentPropertyOrder",
    "description",
)
_OTHER_KINDS: Final = ("ws", "wss", "grpc", "socketio")


def read_insomnia_5(root: Spot) -> Collection:
    """The collection of a file."""
    root.lost("name", "collection", "environments", silent=_ASIDE)
    reader = _Reader()
    items = reader.items(root / "collection", 1)
    base, environments = reader.environments(root / "environments")
    return Collection(
        (root / "name").text() or "collection",
        items,
        note=_note(root),
        variables=(*base, *reader.parts.vault.variables),
        environments=environments,
    )


def _note(spot: Spot) -> str:
    return (spot / "meta" / "description").text() or (spot / "description").text()


class _Reader:
    def __init__(self) -> None:
        self.parts = Parts()

    def items(self, spot: Spot, depth: int) -> tuple[Folder | Request, ...]:
        found: list[Folder | Request] = []
        for one in sorted(spot.objects() if spot.value is not None else (), key=_order):
            if one.has("children") or not isinstance(one.value.get("url"), str):
                if depth >= MAX_DEPTH:
                    one.note("too-deep", f"folders are nested more than {MAX_DEPTH} deep: this one was left out")
                else:
                    found.append(self.folder(one, depth))
            elif str(one.value["url"]).partition(":")[0] in _OTHER_KINDS or one.has("protoFileId"):
                one.note("not-kept", "this is no request over HTTP and was left out")
            else:
                found.append(self.request(one))
        return tuple(found)

    def folder(self, spot: Spot, depth: int) -> Folder:
        spot.lost("name", "children", "headers", "authentication", "environment", silent=_ASIDE)
        return Folder(
            (spot / "name").text() or "folder",
            self.items(spot / "children", depth + 1),
            note=_note(spot),
            headers=self.parts.pairs(spot / "headers"),
            auth=self.parts.auth(spot / "authentication"),
            variables=self.parts.variables(spot / "environment"),
            scripts=self.scripts(spot / "scripts", translating=False).originals,
        )

    def request(self, spot: Spot) -> Request:
        spot.lost(
            "name", "url", "method", "body", "parameters", "pathParameters", "headers", "authentication", silent=_ASIDE
        )
        address, query = self.parts.address(spot / "url")
        scripted = self.scripts(spot / "scripts")
        return Request(
            (spot / "name").text() or address or "request",
            (spot / "method").method(),
            address,
            note=_note(spot),
            path=self.parts.pairs(spot / "pathParameters"),
            query=(*query, *self.parts.pairs(spot / "parameters")),
            headers=self.parts.pairs(spot / "headers"),
            body=self.parts.body(spot / "body"),
            auth=self.parts.auth(spot / "authentication"),
            assertions=scripted.assertions,
            extractions=scripted.extractions,
            scripts=scripted.scripts,
        )

    def scripts(self, spot: Spot, *, translating: bool = True) -> Scripted:
        keys = (("preRequest", "before"), ("afterResponse", "after"))
        found = [
            (spot / key, when, self.parts.vault.free(spot / key, (spot / key).text()))
            for key, when in keys
            if spot.has(key)
        ]
        return read_scripts(found, translating=translating)

    def environments(self, spot: Spot) -> tuple[tuple[Variable, ...], tuple[Environment, ...]]:
        if spot.value is None:
            return (), ()
        if isinstance(spot.value, list):
            # As files that were written by hand have it.
            return (), self.several(spot)
        spot.lost("name", "data", "subEnvironments", silent=(*_ASIDE, "color"))
        return self.parts.variables(spot / "data"), self.several(spot / "subEnvironments")

    def several(self, spot: Spot) -> tuple[Environment, ...]:
        found: dict[str, Environment] = {}
        for one in spot.objects() if spot.value is not None else ():
            one.lost("name", "data", silent=(*_ASIDE, "color"))
            name = (one / "name").text() or "environment"
            if name in found:
                one.note("not-kept", f"there are two environments `{name[:60]}`: the later one was kept")
            found[name] = Environment(name, self.parts.variables(one / "data", f"{name} "))
        return tuple(found.values())


def _order(spot: Spot) -> float:
    meta = spot.value.get("meta")
    key = meta.get("sortKey") if isinstance(meta, dict) else None
    return key if isinstance(key, int | float) and not isinstance(key, bool) else 0

"""Insomnia's export of version 4 (and 3): a flat list of resources that name their parents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from yett.collections.insomnia.parts import Parts
from yett.collections.model import MAX_DEPTH, Collection, Environment, Folder, Request
from yett.collections.scripted import read_scripts

if TYPE_CHECKING:
    from yett.collections.reading import Spot

_ASIDE: Final = (
    "_id", "_type", "parentId", "created", "modified", "metaSortKey", "isPrivate", "scope", "preRequestScript",
    "afterResponseScript", "settingStoreCookies", "settingSendCookies", "settingDisableRenderRequestBody",
    "settingEncodeUrl", "settingRebuildPath", "settingFollowRedirects", "environmentPropertyOrder", "environment",
)  # fmt: skip
_KNOWN: Final = frozenset({"request", "request_group", "workspace", "environment"})
_QUIET: Final = frozenset({"cookie_jar", "api_spec"})


def read_insomnia_4(root: Spot) -> Collection:
    """The collection of an export. Resources of other kinds, and those whose parents lead nowhere, are told."""
    reader = _Reader(root)
    items = reader.children(reader.tops, 1)
    for spot in reader.left_over():
        spot.note("not-kept", "this belongs to nothing, or to itself, and was left out")
    workspace = next((one for one in reader.spots if one.value.get("_type") == "workspace"), None)
    base, environments = reader.environments()
    return Collection(
        "collection" if workspace is None else (workspace / "name").text() or "collection",
        items,
        note="" if workspace is None else (workspace / "description").text(),
        variables=(*base, *reader.parts.vault.variables),
        environments=environments,
    )


class _Reader:
    def __init__(self, root: Spot) -> None:
        self.parts = Parts()
        self.spots = list((root / "resources").objects())
        self.by_parent: dict[str, list[Spot]] = {}
        self.used: set[int] = set()
        ids = {str(one.value.get("_id")) for one in self.spots}
        for one in self.spots:
            kind = str(one.value.get("_type"))
            if kind not in _KNOWN and kind not in _QUIET:
                one.note("not-kept", f"resources of the kind {kind[:40]!r} have no place here: this one was left out")
            if kind in ("request", "request_group"):
                self.by_parent.setdefault(str(one.value.get("parentId")), []).append(one)
        workspaces = [str(one.value.get("_id")) for one in self.spots if one.value.get("_type") == "workspace"]
        self.tops = [one for parent in workspaces for one in self.by_parent.get(parent, [])]
        self.tops += [one for parent, held in self.by_parent.items() if parent not in ids for one in held]

    def children(self, spots: list[Spot], depth: int) -> tuple[Folder | Request, ...]:
        found: list[Folder | Request] = []
        for one in sorted(spots, key=_order):
            if id(one.value) in self.used:
                continue
            self.used.add(id(one.value))
            if one.value.get("_type") == "request":
                found.append(self.request(one))
            elif depth >= MAX_DEPTH:
                one.note("too-deep", f"folders are nested more than {MAX_DEPTH} deep: this one was left out")
            else:
                found.append(self.folder(one, depth))
        return tuple(found)

    def left_over(self) -> list[Spot]:
        return [one for held in self.by_parent.values() for one in held if id(one.value) not in self.used]

    def folder(self, spot: Spot, depth: int) -> Folder:
        spot.lost("name", "description", "authentication", "headers", silent=_ASIDE)
        return Folder(
            (spot / "name").text() or "folder",
            self.children(self.by_parent.get(str(spot.value.get("_id")), []), depth + 1),
            note=(spot / "description").text(),
            headers=self.parts.pairs(spot / "headers"),
            auth=self.parts.auth(spot / "authentication"),
            variables=self.parts.variables(spot / "environment"),
            scripts=_scripts(self.parts, spot, translating=False).originals,
        )

    def request(self, spot: Spot) -> Request:
        spot.lost(
            "name",
            "description",
            "method",
            "url",
            "parameters",
            "pathParameters",
            "headers",
            "body",
            "authentication",
            silent=_ASIDE,
        )
        address, query = self.parts.address(spot / "url")
        scripted = _scripts(self.parts, spot)
        return Request(
            (spot / "name").text() or address or "request",
            (spot / "method").method(),
            address,
            note=(spot / "description").text(),
            path=self.parts.pairs(spot / "pathParameters"),
            query=(*query, *self.parts.pairs(spot / "parameters")),
            headers=self.parts.pairs(spot / "headers"),
            body=self.parts.body(spot / "body"),
            auth=self.parts.auth(spot / "authentication"),
            assertions=scripted.assertions,
            extractions=scripted.extractions,
            scripts=scripted.scripts,
        )

    def environments(self) -> tuple[Any, tuple[Environment, ...]]:
        held = [one for one in self.spots if one.value.get("_type") == "environment"]
        ids = {str(one.value.get("_id")) for one in held}
        base: dict[str, Any] = {}
        found: dict[str, Environment] = {}
        for one in held:
            one.lost("name", "data", silent=(*_ASIDE, "dataPropertyOrder", "color", "environmentType", "kvPairData"))
            if str(one.value.get("parentId")) not in ids:
                base |= {each.name: each for each in self.parts.variables(one / "data")}
                continue
            name = (one / "name").text() or "environment"
            if name in found:
                one.note("not-kept", f"there are two environments `{name[:60]}`: the later one was kept")
            found[name] = Environment(name, self.parts.variables(one / "data", f"{name} "))
        return tuple(base.values()), tuple(found.values())


def _order(spot: Spot) -> float:
    key = spot.value.get("metaSortKey")
    return key if isinstance(key, int | float) and not isinstance(key, bool) else 0


def _scripts(parts: Parts, spot: Spot, *, translating: bool = True) -> Any:
    keys = (("preRequestScript", "before"), ("afterResponseScript", "after"))
    found = [
        (spot / key, when, parts.vault.free(spot / key, (spot / key).text())) for key, when in keys if spot.has(key)
    ]
    return read_scripts(found, translating=translating)

"""The document that rules look at: its value, what it is, and where its references lead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from yett.documents import split_pointer
from yett.governance.jsonpath import Index, Place

if TYPE_CHECKING:
    from yett.documents import Document

_CHAIN: Final = 32
_OPENAPI: Final = re.compile(r"3\.([0-2])(?:\.\d+)?")


class Subject:
    """A document under rules. References within it are followed; others stay what they are."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.root: Any = document.value
        self.formats = formats_of(document.value)
        self.index = Index(document.value)
        self.memory: dict[Any, Any] = {}
        """What functions know of this document already."""

    def follow(self, place: Place) -> Place:
        """What a place is or, where it holds a reference, leads to; the place itself where that leads nowhere."""
        start = place
        for _ in range(_CHAIN):
            value = place.value
            if not isinstance(value, dict) or not isinstance(value.get("$ref"), str):
                return place
            target = self.target(value["$ref"])
            if target is None:
                return start
            place = target
        return start

    def target(self, reference: str) -> Place | None:
        """The place that a reference within the document leads to."""
        if not reference.startswith("#"):
            return None
        if reference not in self._targets():
            self._targets()[reference] = self._find(reference)
        return self._targets()[reference]

    def _targets(self) -> dict[str, Place | None]:
        found: dict[str, Place | None] = self.memory.setdefault("targets", {})
        return found

    def _find(self, reference: str) -> Place | None:
        from urllib.parse import unquote

        place: Place | None = Place(self.root, None, None, self.root)
        try:
            parts = split_pointer(unquote(reference[1:]))
        except ValueError:
            return None
        for part in parts:
            place = None if place is None else _child(place, part)
        return place

    def place(self, path: tuple[str | int, ...]) -> Place | None:
        """The place at a path, no references followed."""
        place: Place | None = Place(self.root, None, None, self.root)
        for part in path:
            place = None if place is None else _child(place, part)
        return place


def _child(place: Place, part: str | int) -> Place | None:
    value = place.value
    if isinstance(value, dict):
        return Place(value[part], part, place, place.root) if part in value else None
    if isinstance(value, list) and str(part).isdigit() and int(part) < len(value):
        return Place(value[int(part)], int(part), place, place.root)
    return None


def formats_of(value: Any) -> frozenset[str]:
    """What a document is, in the words of rulesets: `oas2`, `oas3`, `oas3_1`, `asyncapi2`, `json-schema`, ..."""
    if not isinstance(value, dict):
        return frozenset()
    found: set[str] = set()
    if str(value.get("swagger")) in {"2.0", "2"}:
        found.add("oas2")
    version = _OPENAPI.fullmatch(str(value.get("openapi", "")))
    if version is not None:
        found |= {"oas3", f"oas3_{version[1]}", f"oas3.{version[1]}"}
    asynchronous = str(value.get("asyncapi", ""))
    if asynchronous[:1] in {"2", "3"}:
        found.add(f"asyncapi{asynchronous[0]}")
    if isinstance(value.get("arazzo"), str):
        found |= {"arazzo1", "arazzo1_0"}
    schema = value.get("$schema")
    if isinstance(schema, str) and "json-schema.org" in schema:
        found.add("json-schema")
        draft = re.search(r"draft-0?(\d)|(20\d\d-\d\d)", schema)
        if draft is not None:
            found.add(f"json-schema-draft{draft[1]}" if draft[1] else f"json-schema-{draft[2]}")
    return frozenset(found)

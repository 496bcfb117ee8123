"""Parameter and Header Objects become the snapshot's `Parameter`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from yett.contract.media import media_range
from yett.documents.problems import shorten

if TYPE_CHECKING:
    from yett.contract.node import Node
    from yett.contract.situation import Situation

STYLES = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form", "cookie"),
    "querystring": ("form",),
}
_EXPLODED = ("form", "cookie", "deepObject")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")

# OpenAPI: these are described by `content`, `security` and the `Accept` header's own rules, and ignored here.
_IGNORED_HEADERS = frozenset({"accept", "authorization", "content-type"})

Key = tuple[str, str]


class Parameters:
    """Reads the parameters of one operation."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.reader = situation.reader
        self.report = situation.reader.report

    def read_list(self, owner: Node) -> dict[Key, tuple[Node, dict[str, Any]]]:
        """Return the parameters listed in a path item or operation by location and name, with their nodes."""
        found: dict[Key, tuple[Node, dict[str, Any]]] = {}
        for item in self.reader.items(owner, "parameters"):
            node = self.reader.object_at(item)
            parameter = None if node is None else self._read(node)
            if node is None or parameter is None:
                continue
            key = (parameter["in"], parameter["name"])
            if key in found:
                hint = "keep one of them"
                message = f"the {key[0]} parameter {shorten(key[1])!r} is listed twice"
                self.report.error(item, "duplicate-parameter", message, hint)
            found[key] = (node, parameter)
        return found

    def read_header(self, name: str, item: Node) -> dict[str, Any] | None:
        """Return a response header; `None` for `content-type`, which `content` describes."""
        node = self.reader.object_at(item)
        if node is None or name.lower() == "content-type":
            return None
        return self._build(node, name, "header", response=True)

    def _read(self, node: Node) -> dict[str, Any] | None:
        name = self.reader.text(node, "name")
        location = self.reader.text(node, "in")
        if not name or location is None:
            hint = "give it a name and say where it travels: in: query, path, header or cookie"
            self.report.error(node, "parameter-incomplete", "the parameter has no name or no location", hint)
            return None
        if location not in STYLES:
            hint = f"write one of {', '.join(STYLES)}; a body belongs into requestBody"
            message = f"{shorten(location)!r} is not a place for a parameter"
            self.report.error(node.child("in"), "unknown-location", message, hint)
            return None
        if location == "header" and name.lower() in _IGNORED_HEADERS:
            return None
        return self._build(node, name, location)

    def _build(self, node: Node, name: str, location: str, *, response: bool = False) -> dict[str, Any]:
        style = self._style(node, location)
        out: dict[str, Any] = {
            "name": self._checked_name(node, name, location),
            "in": location,
            "style": style,
            "explode": self.reader.flag(node, "explode", style in _EXPLODED),
        }
        if self.reader.flag(node, "required") or location == "path":
            out["required"] = True
        if location == "query" and self.reader.flag(node, "allowEmptyValue"):
            out["allow_empty"] = True
        return out | self._value(node, location, response)

    def _checked_name(self, node: Node, name: str, location: str) -> str:
        if location in ("header", "cookie") and not _TOKEN.match(name):
            message = f"{shorten(name)!r} cannot be the name of a {location}"
            self.report.error(node, "invalid-name", message, "use letters, digits and hyphens")
        return name.lower() if location == "header" else name

    def _style(self, node: Node, location: str) -> str:
        allowed = STYLES[location]
        style = self.reader.text(node, "style")
        if style is None or style in allowed:
            return style or allowed[0]
        known = any(style in styles for styles in STYLES.values())
        message = f"the style {shorten(style)!r} " + (f"is not for {location} parameters" if known else "is not known")
        code = "invalid-style" if known else "unknown-style"
        self.report.error(node.child("style"), code, message, f"write one of {', '.join(allowed)}")
        return allowed[0]

    def _value(self, node: Node, location: str, response: bool) -> dict[str, Any]:
        schemas, unit = self.situation.side(response=response)
        if "content" in node.value:
            return self._content(node, response)
        if "schema" not in node.value or location == "querystring":
            message = "the parameter has no schema" if location != "querystring" else "querystring needs content"
            hint = "add a schema: without one, every value passes"
            self.report.warning(node, "parameter-without-schema", message, hint)
            return {"shape": {}, "schema": True}
        schema = schemas.convert(node.child("schema"), unit)
        return {"shape": schemas.shape(schema), "schema": schema}

    def _content(self, node: Node, response: bool) -> dict[str, Any]:
        entries = list(self.reader.entries(node, "content"))
        if "schema" in node.value or len(entries) != 1:
            message = "content stands instead of schema, and names exactly one media type"
            self.report.error(node, "parameter-content", message, "keep one of schema and content")
        media = self.reader.object_at(entries[0]) if entries else None
        name = media_range(str(entries[0].key)) if entries else None
        if media is None or name is None:
            return {"shape": {}, "schema": True}
        schemas, unit = self.situation.side(response=response)
        schema = schemas.convert(media.child("schema"), unit) if "schema" in media.value else True
        return {"media": name, "shape": schemas.shape(schema), "schema": schema}

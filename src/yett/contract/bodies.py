"""Request bodies and responses become the snapshot's `Body` and `Response`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from yett.contract.media import MediaKind, media_kind, media_range, specificity
from yett.contract.variants import join_media
from yett.documents.problems import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yett.contract.node import Node
    from yett.contract.parameters import Parameters
    from yett.contract.situation import Situation

_STATUS = re.compile(r"[1-5](?:[0-9]{2}|XX)\Z|default\Z")
_FORM_STYLES = ("form", "spaceDelimited", "pipeDelimited", "deepObject")
_FORMS = ("form", "multipart")
_CHECKED = ("json", *_FORMS)
_STREAMED = ("itemSchema", "prefixEncoding", "itemEncoding")


class Bodies:
    """Reads the body and the responses of one operation."""

    def __init__(self, situation: Situation, parameters: Parameters) -> None:
        self.situation = situation
        self.reader = situation.reader
        self.report = situation.reader.report
        self.parameters = parameters

    def read_body(self, operation: Node) -> dict[str, Any] | None:
        """Return the request body; `None` where the operation takes none."""
        if "requestBody" not in operation.value:
            return None
        node = self.reader.object_at(operation.child("requestBody"))
        if node is None:
            return None
        media = self._read_media(node, response=False)
        if not media:
            hint = "describe what may be sent: content: {application/json: {schema: ...}}"
            self.report.error(node, "body-without-content", "the request body has no content", hint)
        return {"required": True, "media": media} if self.reader.flag(node, "required") else {"media": media}

    def read_responses(self, operation: Node) -> Iterable[dict[str, Any]]:
        """Return the documented responses."""
        for entry in self.reader.entries(operation, "responses"):
            status = str(entry.key).upper() if entry.key != "default" else "default"
            if not _STATUS.match(status):
                hint = "write a status such as 200, a range such as 2XX, or default"
                self.report.error(entry, "invalid-status", f"{shorten(str(entry.key))!r} is not a status", hint)
                continue
            node = self.reader.object_at(entry)
            if node is not None:
                yield self._response(status, node)

    def _response(self, status: str, node: Node) -> dict[str, Any]:
        out: dict[str, Any] = {"status": status}
        entries = self.reader.entries(node, "headers")
        headers = [self.parameters.read_header(str(entry.key), entry) for entry in entries]
        if kept := [header for header in headers if header is not None]:
            out["headers"] = kept
        if media := self._read_media(node, response=True):
            out["media"] = media
        return out

    def _read_media(self, owner: Node, *, response: bool) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        schemas, _ = self.situation.side(response=response)
        for entry in self.reader.entries(owner, "content"):
            name = media_range(str(entry.key))
            if name is None:
                hint = "write a media type such as application/json"
                message = f"{shorten(str(entry.key))!r} is not a media type"
                self.report.error(entry, "invalid-media-type", message, hint)
                continue
            node = self.reader.object_at(entry)
            if node is not None:
                media = self._media(name, node, response=response)
                found[name] = join_media(found[name], media, schemas.shape) if name in found else media
        return sorted(found.values(), key=lambda media: specificity(media["range"]))

    def _media(self, name: str, node: Node, *, response: bool) -> dict[str, Any]:
        kind = media_kind(name)
        out: dict[str, Any] = {"range": name, "kind": kind}
        schemas, unit = self.situation.side(response=response)
        self._warn_streams(node)
        if "schema" not in node.value:
            return out
        schema = schemas.convert(node.child("schema"), unit)
        if kind in _FORMS:
            out["shape"] = schemas.shape(schema)
            if encoding := self._encodings(node):
                out["encoding"] = encoding
        if kind in _CHECKED or self._is_text(name, kind, schemas.types(schema), node):
            out["schema"] = schema
        return out

    def _is_text(self, name: str, kind: MediaKind, types: frozenset[str], node: Node) -> bool:
        """Whether a body is given to its schema as one string; noted where the schema says more than can be checked."""
        may_be_text = not types or "string" in types
        if not may_be_text:
            hint = "describe a JSON media type, if the content must be checked"
            message = f"bodies of {name} are not looked into: this schema is not enforced"
            self.report.warning_once(name, node.child("schema"), "media-not-enforced", message, hint)
        return may_be_text and kind == "text"

    def _warn_streams(self, node: Node) -> None:
        for key in _STREAMED:
            if key in node.value:
                hint = "describe the whole content with schema, if it must be checked"
                self.report.warning_once(key, node.child(key), "media-not-enforced", f"{key} is not enforced", hint)

    def _encodings(self, node: Node) -> dict[str, dict[str, Any]]:
        entries = self.reader.entries(node, "encoding")
        return {str(entry.key): self._encoding(entry) for entry in entries if self.reader.has_type(entry, dict)}

    def _encoding(self, node: Node) -> dict[str, Any]:
        out: dict[str, Any] = {}
        types = self.reader.text(node, "contentType")
        if types:
            ranges = [media_range(name) for name in types.split(",")]
            out["content_types"] = [name for name in ranges if name is not None]
            if None in ranges:
                hint = "write media types, separated by commas"
                message = f"{shorten(types)!r} is not a list of media types"
                self.report.error(node.child("contentType"), "invalid-media-type", message, hint)
        style = self.reader.text(node, "style")
        if style is not None and style not in _FORM_STYLES:
            message = f"the style {shorten(style)!r} is not for form fields"
            self.report.error(node.child("style"), "invalid-style", message, f"write one of {', '.join(_FORM_STYLES)}")
        elif style is not None:
            out["style"] = style
        if "explode" in node.value:
            out["explode"] = self.reader.flag(node, "explode")
        return out

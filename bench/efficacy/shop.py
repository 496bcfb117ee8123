"""A shop whose requests carry the values.

There is free text in query, form, JSON, path and header, and there are parameters that a contract describes narrowly.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from yett.gateway import Request, decide

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_PEPPER: Final = bytes(32)
_BATCH: Final = 250
_LONGEST: Final = 20_000
"""Longest value that fits in a request target, escaped."""
_TEXT: Final[dict[str, Any]] = {"type": "string"}
_NARROW: Final[dict[str, dict[str, Any]]] = {
    "text": _TEXT,
    "page": {"type": "integer"},
    "sort": {"enum": ["id", "title", "price"]},
    "since": {"type": "string", "format": "date"},
    "owner": {"type": "string", "format": "uuid"},
    "sku": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{1,6}$"},
}
"""The parameters of an ordinary list: one of them is free."""


def _parameter(name: str, place: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    style = {"query": "form", "path": "simple", "header": "simple"}[place]
    shape = {"types": [schema["type"]]} if "type" in schema else {}
    return {"name": name, "in": place, "required": place == "path", "style": style, "explode": place == "query"} | {
        "shape": shape,
        "schema": schema,
    }


def _snapshot(level: str, contract: str) -> bytes:
    media: list[dict[str, Any]] = [
        {"range": "application/json", "kind": "json", "schema": {"type": "object"}},
        {
            "range": "application/x-www-form-urlencoded",
            "kind": "form",
            "schema": {"type": "object"},
            "shape": {"types": ["object"]},
        },
        {"range": "application/xml", "kind": "binary"},
    ]
    operations: list[dict[str, Any]] = [
        {"id": "shop:find", "method": "GET", "path": "/find", "parameters": [_parameter("q", "query", _TEXT)]},
        {"id": "shop:get", "method": "GET", "path": "/items/{id}", "parameters": [_parameter("id", "path", _TEXT)]},
        {
            "id": "shop:list",
            "method": "GET",
            "path": "/list",
            "parameters": [_parameter(name, "query", schema) for name, schema in _NARROW.items()],
        },
        {"id": "shop:add", "method": "POST", "path": "/add", "body": {"required": True, "media": media}},
    ]
    guards = {"contract": {"mode": contract}, "injection": {"level": level}}
    api: dict[str, Any] = {
        "name": "shop",
        "version": "1.0.0",
        "base_path": "/",
        "identify": {"public": True},
        "guards": guards,
    }
    api |= {"upstream": {"targets": [{"url": "http://127.0.0.1:9"}]}, "operations": operations}
    for operation in operations:
        operation["max_body_bytes"] = 1 << 21
    return json.dumps({"format": 1, "apis": [api]}).encode()


def _post(media: str, body: str) -> Request:
    return Request(method="POST", target="/add", headers=(("content-type", media),), body=body)


def _escaped(text: str) -> str:
    return quote(text.encode("utf-8", "replace"), safe="")


def _request(place: str, value: str) -> Request | None:
    """The value on its way; `None` where it cannot travel there."""
    match place:
        case "query" if len(value) < _LONGEST:
            return Request(method="GET", target=f"/find?q={_escaped(value)}")
        case "form":
            return _post("application/x-www-form-urlencoded", f"text={_escaped(value)}")
        case "json":
            return _post("application/json", json.dumps({"text": value}))
        case "xml":
            return _post("application/xml", value)
        case "path" if value.strip("/."):
            return Request(method="GET", target=f"/items/{_escaped(value)}")
        case "header" if value.isprintable() and value.isascii():
            return Request(method="GET", target="/find?q=a", headers=(("user-agent", value),))
    return None


def _share(verdicts: Sequence[bool]) -> float:
    return sum(verdicts) / max(1, len(verdicts))


class Shop:
    """The shop at a level of the guard."""

    def __init__(self, level: str) -> None:
        self._enforced, self._off = _snapshot(level, "enforce"), _snapshot(level, "off")

    def refused(self, values: Sequence[str], places: Iterable[str]) -> dict[str, float]:
        """The share of the values that is refused in each place, of those that can travel there."""
        sent = {place: [_request(place, value) for value in values] for place in places}
        return {place: _share(self._decide(self._enforced, requests)) for place, requests in sent.items()}

    def refused_anywhere(self, values: Sequence[str], *, contract: bool) -> float:
        """The share of requests that are refused when each value goes to each parameter of a list."""
        snapshot = self._enforced if contract else self._off
        short = [_escaped(value) for value in values if len(value) < _LONGEST]
        targets = [f"/list?{name}={value}" for value in short for name in _NARROW]
        return _share(self._decide(snapshot, [Request(method="GET", target=one) for one in targets]))

    @staticmethod
    def _decide(snapshot: bytes, requests: Sequence[Request | None]) -> list[bool]:
        sent = [one for one in requests if one is not None]
        decisions = [
            decision
            for start in range(0, len(sent), _BATCH)
            for decision in decide(snapshot, sent[start : start + _BATCH], _PEPPER)
        ]
        return [not decision.allowed for decision in decisions]

"""What is sent and what protects it: contracts, configuration, keys and calls, in three sizes.

`small` has one API with two operations and one key; `operations` has ten thousand operations, `keys` a hundred
thousand keys. The calls are the same in kind and length, so that only the size can make a difference.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bench.load import Call

SHOPS = 10
RESOURCES = 500
KEYS = 100_000
APPS = 1_000
ROTATION = 1_000
OPEN = ("look", "page")


@dataclass(frozen=True)
class Size:
    """How much there is of what."""

    shops: int = 1
    resources: int = 1
    keys: int = 1


SMALL = Size()
OPERATIONS = Size(shops=SHOPS, resources=RESOURCES)
MANY_KEYS = Size(keys=KEYS)


def contract(shop: int, resources: int) -> dict[str, Any]:
    """Return a contract with three operations for each resource: to look, to fetch a page of 64 KB, to order."""
    paths: dict[str, Any] = {}
    for resource in range(resources):
        name = f"resource-{resource:04}"
        paths[f"/{name}/plain"] = {"get": _operation(f"look{resource}")}
        paths[f"/{name}/page"] = {"get": _operation(f"page{resource}", {"application/octet-stream": {}})}
        paths[f"/{name}/orders"] = {"post": _operation(f"order{resource}") | {"requestBody": _BODY}}
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Shop {shop}", "version": "1.0.0"},
        "paths": paths,
        "components": {"schemas": _SCHEMAS},
    }


def configuration(size: Size, upstream: int) -> dict[str, Any]:
    """Return the configuration, without keys: looking is public, ordering needs a key, a profile and room in a rate."""
    return {
        "yett": 1,
        # Every connection comes from one address here, which only a trusted proxy may hold so many of.
        "gateway": {"limits": [], "trusted_proxies": ["127.0.0.1"]},
        "apis": [_api(shop, size.resources, upstream) for shop in range(size.shops)],
        "collections": [{"name": "ordering", "operations": [f"shop-{shop}:order*" for shop in range(size.shops)]}],
        "profiles": [
            {
                "name": "buyer",
                "grants": [{"collection": "ordering"}],
                "limits": [{"requests": 1_000_000_000_000, "per": "hour"}],
            }
        ],
        "teams": [{"name": "bench"}],
        "apps": [
            {"name": f"app-{app:04}", "team": "bench", "profiles": ["buyer"]} for app in range(min(size.keys, APPS))
        ],
    }


def plain_calls(size: Size) -> list[Call]:
    """Return calls that need no key and carry no body, spread over the operations."""
    return [Call("GET", f"{place}/plain") for place in _places(size)]


def page_calls(size: Size) -> list[Call]:
    """Return calls that fetch 64 KB each, without a key."""
    return [Call("GET", f"{place}/page") for place in _places(size)]


def guarded_calls(size: Size, keys: list[str]) -> list[Call]:
    """Return calls with a key and a kilobyte of JSON, spread over the operations and the keys."""
    body = order_body()
    stride = max(1, len(keys) // ROTATION)
    spread = keys[::stride]
    return [
        Call("POST", f"{place}/orders", spread[turn % len(spread)], body) for turn, place in enumerate(_places(size))
    ]


def order_body() -> str:
    """Return an order of about one kilobyte."""
    items = [
        {"sku": f"book-{index:05}", "quantity": index % 7 + 1, "price": 9.9 + index, "gift": index % 2 == 0}
        for index in range(11)
    ]
    address = {"street": "7 Harbour Lane", "city": "Bergen", "postcode": "5003", "country": "NO"}
    order = {"customer": 4711, "email": "mira@example.org", "address": address, "items": items, "note": ""}
    room = 1024 - len(json.dumps(order, separators=(",", ":")))
    return json.dumps(order | {"note": ("Please ring twice. " * 20)[:room]}, separators=(",", ":"))


def _places(size: Size) -> list[str]:
    all_places = [
        f"/shop-{shop}/resource-{resource:04}" for resource in range(size.resources) for shop in range(size.shops)
    ]
    stride = max(1, len(all_places) // ROTATION)
    spread = all_places[::stride]
    return [spread[turn % len(spread)] for turn in range(ROTATION)]


def _api(shop: int, resources: int, upstream: int) -> dict[str, Any]:
    return {
        "name": f"shop-{shop}",
        "contract": f"shop-{shop}.json",
        "upstream": f"http://127.0.0.1:{upstream}",
        "base_path": f"/shop-{shop}",
        "operations": {f"{kind}{resource}": {"public": True} for resource in range(resources) for kind in OPEN},
    }


def _operation(identity: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = {"description": "Done.", "content": _ANSWER if content is None else content}
    return {"operationId": identity, "responses": {"200": answer}}


_ANSWER = {"application/json": {"schema": {"$ref": "#/components/schemas/Answer"}}}
_BODY = {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}}


def _thing(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": list(properties), "properties": properties}


def _text(limit: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": limit}


_SCHEMAS = {
    "Answer": {"type": "object", "properties": {"id": {"type": "integer"}, "title": _text(80)}},
    "Order": _thing(
        customer={"type": "integer", "minimum": 1},
        email={"type": "string", "pattern": "^[^@ ]{1,64}@[^@ ]{1,190}$"},
        address={"$ref": "#/components/schemas/Address"},
        items={"type": "array", "minItems": 1, "maxItems": 50, "items": {"$ref": "#/components/schemas/Item"}},
        note=_text(500),
    ),
    "Address": _thing(
        street=_text(120), city=_text(80), postcode=_text(12), country={"type": "string", "pattern": "^[A-Z]{2}$"}
    ),
    "Item": _thing(
        sku={"type": "string", "pattern": "^[a-z]+-[0-9]{5}$"},
        quantity={"type": "integer", "minimum": 1, "maximum": 99},
        price={"type": "number", "minimum": 0},
        gift={"type": "boolean"},
    ),
}

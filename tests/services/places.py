"""A small shop on disk, for the tests of this room."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from yett.access.keys import new_key

KEY = new_key("test").text
ENVIRONMENT = {"READER_KEY": KEY}

CONTRACT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1.0.0"},
    "paths": {
        "/books/{id}": {
            "get": {
                "operationId": "getBook",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "responses": {"200": {"description": "The book."}},
            }
        },
        "/books": {"get": {"operationId": "listBooks", "responses": {"200": {"description": "All."}}}},
    },
}
SETTINGS = """\
yett: 1
gateway: {listen: "127.0.0.1:0", access_log: "off"}
apis:
  - {name: shop, contract: shop.json, upstream: "http://127.0.0.1:9", base_path: /shop}
collections:
  - {name: all, operations: ["shop:get*"]}
profiles:
  - {name: reader, grants: [{collection: all}], limits: [{requests: 100, per: minute}]}
teams: [{name: shop-team}]
apps:
  - {name: reader-app, team: shop-team, profiles: [reader], keys: [{env: READER_KEY}]}
"""


def lay_out(folder: Path, settings: str = SETTINGS) -> str:
    """Write the shop into `folder`; returns the path of its configuration."""
    (folder / "shop.json").write_text(json.dumps(CONTRACT), encoding="utf-8")
    (folder / "yett.yaml").write_text(settings, encoding="utf-8")
    return str(folder / "yett.yaml")

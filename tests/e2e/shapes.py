"""The configuration most tests run: one small API, `box`, in front of a recording upstream."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CONTRACT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Box", "version": "1.0.0"},
    "paths": {
        "/things": {
            "get": {
                "operationId": "listThings",
                "parameters": [{"name": "size", "in": "query", "schema": {"type": "integer", "format": "int32"}}],
                "responses": {"200": {"description": "Things."}},
            },
            "post": {
                "operationId": "createThing",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                },
                "responses": {"200": {"description": "Made."}},
            },
        },
        "/things/{id}": {
            "get": {
                "operationId": "getThing",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "responses": {"200": {"description": "A thing."}},
            }
        },
        "/files": {
            "post": {
                "operationId": "sendFile",
                "requestBody": {"content": {"application/octet-stream": {}}},
                "responses": {"200": {"description": "Kept."}},
            }
        },
        "/open": {"get": {"operationId": "getOpen", "responses": {"200": {"description": "Open to all."}}}},
    },
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "maxLength": 40},
                    "count": {"type": "integer", "minimum": 0, "maximum": 1000},
                    "ratio": {"type": "number"},
                    "inner": {},
                },
                "additionalProperties": False,
            }
        }
    },
}


def settings(upstream: str, **api: Any) -> dict[str, Any]:
    """Return the configuration: `owner` may call everything, `guest` only look at one thing."""
    return {
        "yett": 1,
        "gateway": {
            "listen": "127.0.0.1:0",
            "telemetry": "127.0.0.1:0",
            "access_log": "access.log",
            "workers": 2,
            "limits": [],
            # The machine of a test may stop for a while: that is no reason to shed.
            "overload": {"lag": "60s"},
        },
        "apis": [
            {
                "name": "box",
                "contract": "box.json",
                "upstream": upstream,
                "base_path": "/box",
                "operations": {"getOpen": {"public": True}},
                **api,
            }
        ],
        "collections": [{"name": "all", "operations": ["box:*"]}],
        "profiles": [
            {"name": "owner", "grants": [{"collection": "all"}]},
            {"name": "guest", "grants": [{"operation": "box:getThing"}], "limits": [{"requests": 3, "per": "hour"}]},
        ],
        "teams": [{"name": "crew"}],
        "apps": [
            {"name": "owner-app", "team": "crew", "profiles": ["owner"], "keys": [{"env": "OWNER_KEY"}]},
            {"name": "guest-app", "team": "crew", "profiles": ["guest"], "keys": [{"env": "GUEST_KEY"}]},
        ],
    }


def lay_out(folder: Path, configuration: dict[str, Any]) -> Path:
    """Write the configuration and its contract into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "box.json").write_text(json.dumps(CONTRACT))
    write_settings(folder, configuration)
    return folder


def write_settings(folder: Path, configuration: Any) -> None:
    """Replace the configuration as an editor does: whole, in one step."""
    text = configuration if isinstance(configuration, str) else json.dumps(configuration)
    draft = folder / "draft.tmp"
    draft.write_text(text)
    draft.replace(folder / "yett.yaml")

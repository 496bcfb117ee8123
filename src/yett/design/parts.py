"""The parts that every new contract has: pages, problem details, errors and ways to prove oneself."""

from __future__ import annotations

from typing import Any, Final

PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "maxLength": 2000},
        "title": {"type": "string", "maxLength": 200},
        "status": {"type": "integer", "format": "int32", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "maxLength": 2000},
        "instance": {"type": "string", "format": "uri-reference", "maxLength": 2000},
    },
}

RETRY_AFTER: Final[dict[str, Any]] = {
    "description": "Seconds until it is worth another try (RFC 9110).",
    "schema": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 86_400},
}

PARAMETERS: Final[dict[str, Any]] = {
    "Limit": {
        "name": "limit",
        "in": "query",
        "description": "How many to give at most.",
        "schema": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 100, "default": 20},
        "example": 20,
    },
    "Cursor": {
        "name": "cursor",
        "in": "query",
        "description": "Where the page begins: the `nextCursor` of the page before.",
        "schema": {"type": "string", "maxLength": 200},
        "example": "eyJhZnRlciI6NDB9",
    },
}

SCHEMES: Final[dict[str, dict[str, Any]]] = {
    "api-key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The key of an app; the gateway knows which app it is.",
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A credential that whoever holds it may use: an API key, or a token.",
    },
}


def _error(status: int, title: str, *, retry: bool = False) -> dict[str, Any]:
    media = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": {"title": title, "status": status}}
    headers = {"headers": {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}} if retry else {}
    return {"description": f"{title}.", **headers, "content": {"application/problem+json": media}}


RESPONSES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "400": ("BadRequest", _error(400, "The request is not what the contract says")),
    "401": ("Unauthorized", _error(401, "The credential is missing or not accepted")),
    "403": ("Forbidden", _error(403, "This is not allowed to the caller")),
    "404": ("NotFound", _error(404, "There is no such thing")),
    "409": ("Conflict", _error(409, "It stands against what is there")),
    "429": ("TooManyRequests", _error(429, "Too many requests", retry=True)),
    "4XX": ("Refused", _error(422, "The request is refused")),
}
"""By status: the name of the component, and the response."""

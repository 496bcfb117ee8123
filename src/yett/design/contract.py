"""The contract of a new API: operations, errors, pages and limits for its resources, in OpenAPI 3.1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from yett.design.kinds import example_of, is_secret, schema_of
from yett.design.parts import PARAMETERS, PROBLEM, RESPONSES, RETRY_AFTER, SCHEMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yett.design.resources import Resource

Scheme = Literal["api-key", "bearer"]
_ID: Final = "3f2b8a52-5e0a-4c1e-9f63-7d2f4b8e1a90"
_MOST_LISTED: Final = 100
_SCHEMA_WORDS: Final = frozenset(
    {"type", "enum", "format", "properties", "items", "schema", "example", "examples", "default"}
)
_SCHEMA_TYPES: Final = ("string", "integer", "array")


@dataclass(frozen=True, slots=True)
class NewApi:
    """What is to be written: the name in lower case with hyphens, who answers for it, and how callers prove themselves.

    `server` is the address that callers use, `version` the first version of the contract.
    """

    name: str
    resources: tuple[Resource, ...]
    owner: str
    server: str
    version: str = "1.0.0"
    scheme: Scheme = "api-key"

    @property
    def title(self) -> str:
        """The name as a title: `Book shop`."""
        return self.name.replace("-", " ").capitalize()


def contract_of(api: NewApi) -> dict[str, Any]:
    """The contract as an OpenAPI 3.1 document."""
    paths: dict[str, Any] = {}
    for one in api.resources:
        paths |= _paths(one)
    plurals = ", ".join(one.plural.replace("-", " ") for one in api.resources)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": api.title,
            "version": api.version,
            "description": f"Keeps {plurals}. Lists come in pages; errors are problem details (RFC 9457).\n",
            "contact": {"name": api.owner},
        },
        "servers": [{"url": api.server, "description": "The gateway in production."}],
        "security": [{api.scheme: []}],
        "tags": [
            {"name": one.plural, "description": f"Everything about {_words(one.plural)}."} for one in api.resources
        ],
        "paths": paths,
        "components": _components(api),
    }


def _words(name: str) -> str:
    return name.replace("-", " ")


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}


def _errors(*statuses: str) -> dict[str, Any]:
    """The errors of an operation: some of its own, and those that each of them has."""
    found = {status: _ref("responses", RESPONSES[status][0]) for status in (*statuses, "401", "403", "429")}
    return {**dict(sorted(found.items())), "4XX": _ref("responses", RESPONSES["4XX"][0])}


def _content(one: Resource, end: str = "") -> dict[str, Any]:
    """The media types of a body: a resource, or what its name and `end` say."""
    name = f"{one.type_name}{end}"
    examples = {} if _looks_like_a_schema(one) else {"examples": {"usual": _ref("examples", name)}}
    return {"application/json": {"schema": _ref("schemas", name), **examples}}


def _looks_like_a_schema(one: Resource) -> bool:
    """Whether a value with such properties would be taken for a schema by those who look for schemas everywhere."""
    names = {each.name for each in one.properties}
    kinds = next((each.choices for each in one.properties if each.name == "type"), ())
    return len(names & _SCHEMA_WORDS) > 1 or any(word in kind for kind in kinds for word in _SCHEMA_TYPES)


def _paths(one: Resource) -> dict[str, Any]:
    name, many, words = one.type_name, one.plural_type, _words(one.name)
    list_ = {
        "operationId": f"list{many}",
        "tags": [one.plural],
        "summary": f"List {_words(one.plural)}",
        "description": f"Gives a page of {_words(one.plural)}, and where the next one begins.",
        "parameters": [_ref("parameters", "Limit"), _ref("parameters", "Cursor")],
        "responses": {
            "200": {"description": f"A page of {_words(one.plural)}.", "content": _content(one, "Page")},
            **_errors(),
        },
    }
    create = {
        "operationId": f"create{name}",
        "tags": [one.plural],
        "summary": f"Create a {words}",
        "description": f"Keeps a new {words} and gives it an id.",
        "requestBody": _ref("requestBodies", name),
        "responses": {
            "201": {
                "description": f"The {words}, with its id.",
                "headers": {"Location": _ref("headers", "Location")},
                "content": _content(one),
            },
            **_errors("400", "409"),
        },
    }
    return {
        f"/{one.plural}": {"get": list_, "post": create},
        f"/{one.plural}/{{{_id_name(one)}}}": {"parameters": [_ref("parameters", f"{name}Id")], **_single(one)},
    }


def _single(one: Resource) -> dict[str, Any]:
    name, words = one.type_name, _words(one.name)
    found = {"description": f"The {words}.", "content": _content(one)}
    return {
        "get": {
            "operationId": f"get{name}",
            "tags": [one.plural],
            "summary": f"Get a {words}",
            "description": f"Gives one {words} by its id.",
            "responses": {"200": found, **_errors("404")},
        },
        "put": {
            "operationId": f"replace{name}",
            "tags": [one.plural],
            "summary": f"Replace a {words}",
            "description": f"Puts another description in the place of a {words}; what is left out is gone.",
            "requestBody": _ref("requestBodies", name),
            "responses": {"200": found, **_errors("400", "404", "409")},
        },
        "delete": {
            "operationId": f"delete{name}",
            "tags": [one.plural],
            "summary": f"Delete a {words}",
            "description": f"Removes a {words} for good.",
            "responses": {"204": {"description": "It is gone."}, **_errors("404")},
        },
    }


def _id_name(one: Resource) -> str:
    name = one.type_name
    return f"{name[0].lower()}{name[1:]}Id"


def _components(api: NewApi) -> dict[str, Any]:
    named = {one.type_name: one for one in api.resources}
    schemas: dict[str, Any] = {}
    for name, one in named.items():
        schemas |= {name: _schema(one), f"{name}Input": _input(one), f"{name}Page": _page(name)}
    examples: dict[str, Any] = {}
    for name, one in named.items():
        if _looks_like_a_schema(one):
            continue
        whole = {"id": _ID, **_example(one, secrets=False)}
        examples[name] = {"summary": f"A {_words(one.name)}", "value": whole}
        examples[f"{name}Input"] = {"summary": f"A new {_words(one.name)}", "value": _example(one, secrets=True)}
        examples[f"{name}Page"] = {"summary": "The last page", "value": {"items": [whole]}}
    return {
        "schemas": {**schemas, "Problem": PROBLEM},
        "parameters": {**PARAMETERS, **{f"{name}Id": _id_parameter(one) for name, one in named.items()}},
        "requestBodies": {name: _body(one) for name, one in named.items()},
        "responses": dict(RESPONSES.values()),
        "headers": {"Location": _location(), "RetryAfter": RETRY_AFTER},
        **({"examples": examples} if examples else {}),
        "securitySchemes": {api.scheme: SCHEMES[api.scheme]},
    }


def _location() -> dict[str, Any]:
    return {
        "description": "Where it stands from now on.",
        "schema": {"type": "string", "format": "uri-reference", "maxLength": 2000},
    }


def _id_schema() -> dict[str, Any]:
    return {"type": "string", "format": "uuid", "maxLength": 36}


def _id_parameter(one: Resource) -> dict[str, Any]:
    return {
        "name": _id_name(one),
        "in": "path",
        "required": True,
        "description": f"The id of the {_words(one.name)}.",
        "schema": _id_schema(),
        "example": _ID,
    }


def _schema(one: Resource) -> dict[str, Any]:
    """What comes back: with an id, and without secrets."""
    told = [each for each in one.properties if not is_secret(each.name)]
    identity = {"id": {**_id_schema(), "description": "Chosen by the API."}}
    return {
        "type": "object",
        "description": f"A {_words(one.name)}.",
        "required": ["id", *(each.name for each in told if each.required)],
        "properties": identity | {each.name: schema_of(each) for each in told},
        "additionalProperties": False,
    }


def _input(one: Resource) -> dict[str, Any]:
    """What is sent: the id is not the caller's to choose."""
    required = [each.name for each in one.properties if each.required]
    return {
        "type": "object",
        "description": f"A {_words(one.name)} as it is sent.",
        **({"required": required} if required else {}),
        "properties": {each.name: schema_of(each) for each in one.properties},
        "additionalProperties": False,
    }


def _page(name: str) -> dict[str, Any]:
    return {
        "type": "object",
        "description": "A part of a list.",
        "required": ["items"],
        "properties": {
            "items": {"type": "array", "maxItems": _MOST_LISTED, "items": _ref("schemas", name)},
            "nextCursor": {
                "type": "string",
                "maxLength": 200,
                "description": "The `cursor` of the next page; absent on the last one.",
            },
        },
        "additionalProperties": False,
    }


def _body(one: Resource) -> dict[str, Any]:
    return {"description": f"The {_words(one.name)}.", "required": True, "content": _content(one, "Input")}


def _example(one: Resource, *, secrets: bool) -> dict[str, Any]:
    return {each.name: example_of(each) for each in one.properties if secrets or not is_secret(each.name)}


def names_of(resources: Sequence[Resource]) -> tuple[list[str], list[str]]:
    """The ids of the operations that read, and of those that change something."""
    reading = [name for one in resources for name in (f"list{one.plural_type}", f"get{one.type_name}")]
    changing = [f"{verb}{one.type_name}" for one in resources for verb in ("create", "replace", "delete")]
    return reading, changing

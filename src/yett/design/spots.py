"""What a value in a contract is, told from where it stands: a schema, a response, a name, or data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a contract.

    `kind` names the components that what stands here could be one of (`schemas`, `responses`, ...), or says what else
    it is. In a `map` the keys are names and the values are of the kind. What is `literal` is data: a `$ref` in it is a
    word like any other. `in_resource`: inside a schema with an `$id`, by which its references go.
    """

    kind: str
    is_map: bool = False
    is_literal: bool = False
    in_resource: bool = False


_LITERAL: Final = Spot("data", is_literal=True)

# Keys that hold names with values of a kind, wherever they stand.
_MAPS: Final = {
    "paths": "pathItems",
    "webhooks": "pathItems",
    "pathItems": "pathItems",
    "schemas": "schemas",
    "responses": "responses",
    "requestBodies": "requestBodies",
    "headers": "headers",
    "links": "links",
    "callbacks": "callbacks",
    "securitySchemes": "securitySchemes",
    "content": "mediaTypes",
    "mediaTypes": "mediaTypes",
    "encoding": "encoding",
    "additionalOperations": "operation",
    "variables": "data",
    "scopes": "data",
}
# The same within schemas.
_SCHEMA_MAPS: Final = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_SCHEMA_DATA: Final = frozenset({"example", "examples", "default", "const", "enum", "required", "dependentRequired"})
_OPERATIONS: Final = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"})


def kind_of_document() -> Spot:
    """The spot of a whole contract."""
    return Spot("document")


def spot_below(spot: Spot, key: str | int, value: Any = None) -> Spot:
    """The spot of what stands under a key; an entry of a list is what the list is of."""
    if spot.is_literal or isinstance(key, int):
        return spot
    if key.startswith("x-") and (not spot.is_map or spot.kind == "pathItems"):
        return _LITERAL
    if spot.is_map:
        return Spot(spot.kind, in_resource=spot.in_resource)
    if spot.kind == "callbacks":
        return Spot("pathItems")
    if spot.kind == "schemas":
        return _below_schema(spot, key)
    return _below(spot, key, value)


def _below_schema(spot: Spot, key: str) -> Spot:
    if key in _SCHEMA_DATA:
        return _LITERAL
    if key == "discriminator":
        return Spot("discriminator")
    return Spot("schemas", is_map=key in _SCHEMA_MAPS, in_resource=spot.in_resource)


def _below(spot: Spot, key: str, value: Any) -> Spot:
    if key in ("schema", "itemSchema"):
        return Spot("schemas")
    if key in ("parameters", "examples"):
        # Links give parameters values; operations list them; components name them.
        return _LITERAL if spot.kind == "links" else Spot(key, is_map=isinstance(value, dict))
    if key in ("example", "value", "dataValue", "default", "enum", "security", "tags"):
        return _LITERAL
    if key in _MAPS:
        return Spot(_MAPS[key], is_map=True)
    if key == "requestBody":
        return _LITERAL if spot.kind == "links" else Spot("requestBodies")
    if key in ("mapping", "components"):
        return Spot(key)
    return Spot("operation" if key in _OPERATIONS else "other")

"""`guards.structure` and an operation's `graphql`: how large and how deep what a request holds may be."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from yett.config.sections.base import Shape
from yett.config.sections.scalars import Size
from yett.model.mode import Mode
from yett.model.structure import GraphQl, StructureGuard

_Count = Annotated[int, Field(ge=1, le=4_000_000_000)]
_Argument = Annotated[str, StringConstraints(pattern=r"^[_A-Za-z][_0-9A-Za-z]{0,127}$")]
_HeadSize = Annotated[Size, Field(ge=1, le=1 << 20)]
_KeySize = Annotated[Size, Field(ge=1, le=1 << 20)]


class StructureGuardShape(Shape):
    """Refuses bodies whose parts are too many, too deep or too long, and XML that makes its reader fetch or expand."""

    mode: Mode = "enforce"
    """What to do with such bodies."""
    max_depth: Annotated[int, Field(ge=1, le=1_000)] = 64
    """Deepest nesting of JSON and XML."""
    max_values: _Count = 100_000
    """Values of a JSON body in all; elements of an XML body."""
    max_keys: _Count = 1_000
    """Names of one JSON object; attributes of one XML element, of which there are 256 at most."""
    max_items: _Count = 20_000
    """Values of one JSON array."""
    max_string: Size = 1 << 20
    """Longest string, form field, text or attribute, as it is written."""
    max_key: _KeySize = 256
    """Longest name, as it is written."""
    max_number_chars: _Count = 64
    """Longest number."""
    max_fields: _Count = 1_000
    """Fields of a form."""
    max_parts: _Count = 100
    """Parts of a multipart body."""
    max_part_head: _HeadSize = 8 << 10
    """Largest head of one part."""


class GraphQlShape(Shape):
    """What the queries of an operation may ask for. Fragments count as often as they are spread."""

    mode: Mode = "enforce"
    """What to do with queries that ask for more."""
    max_depth: Annotated[int, Field(ge=1, le=1_000)] = 10
    """Deepest nesting of fields; nothing is nested deeper than 64 as it is written."""
    max_aliases: Annotated[int, Field(ge=0, le=1_000_000)] = 15
    """Fields under another name."""
    max_cost: _Count = 1_000
    """Fields, each as often as the lists around it have entries; of all queries of a batch."""
    max_directives: Annotated[int, Field(ge=0, le=1_000_000)] = 20
    """Directives, as they are written."""
    max_batch: Annotated[int, Field(ge=1, le=1_000)] = 1
    """Queries of one request."""
    max_tokens: Annotated[int, Field(ge=1, le=100_000)] = 2_000
    """Names, numbers, texts and signs of one query."""
    list_arguments: list[_Argument] = Field(default_factory=lambda: ["first", "last", "limit"], max_length=100)
    """Arguments that say how many entries a list has."""
    introspection: bool = False
    """Whether the schema itself may be asked for."""
    persisted: bool = False
    """Whether a query may be named by its SHA-256, which the upstream keeps, in the place of its text."""


def build_structure(shape: StructureGuardShape) -> StructureGuard:
    """The guard with these settings."""
    return StructureGuard(
        mode=shape.mode,
        max_depth=shape.max_depth,
        max_values=shape.max_values,
        max_keys=shape.max_keys,
        max_items=shape.max_items,
        max_string_bytes=shape.max_string,
        max_key_bytes=shape.max_key,
        max_number_chars=shape.max_number_chars,
        max_fields=shape.max_fields,
        max_parts=shape.max_parts,
        max_part_head_bytes=shape.max_part_head,
    )


def build_graphql(shape: bool | GraphQlShape) -> GraphQl | None:
    """The limits on an operation's queries, if it takes any."""
    match shape:
        case GraphQlShape():
            settings = shape.model_dump(exclude={"list_arguments"})
            return GraphQl(list_arguments=tuple(dict.fromkeys(shape.list_arguments)), **settings)
        case _:
            return GraphQl() if shape else None

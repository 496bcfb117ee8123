"""How large and how deep what a request holds may be."""

from __future__ import annotations

from dataclasses import dataclass

from yett.model.mode import Mode


@dataclass(frozen=True, slots=True)
class StructureGuard:
    """Refuses bodies whose parts are too many, too deep or too long; sizes in bytes, as they are written."""

    mode: Mode = "enforce"
    max_depth: int = 64
    max_values: int = 100_000
    max_keys: int = 1_000
    max_items: int = 20_000
    max_string_bytes: int = 1 << 20
    max_key_bytes: int = 256
    max_number_chars: int = 64
    max_fields: int = 1_000
    max_parts: int = 100
    max_part_head_bytes: int = 8 << 10


@dataclass(frozen=True, slots=True)
class GraphQl:
    """What the queries of an operation may ask for, fragments written out."""

    mode: Mode = "enforce"
    max_depth: int = 10
    max_aliases: int = 15
    max_cost: int = 1_000
    max_directives: int = 20
    max_batch: int = 1
    max_tokens: int = 2_000
    list_arguments: tuple[str, ...] = ("first", "last", "limit")
    introspection: bool = False
    persisted: bool = False

"""Checks of values against JSON Schemas: the one place here that validates."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs

from yett.governance.functions.values import shown
from yett.governance.rule import ABSENT, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yett.governance.rule import Question

_BUILDERS: Final = {
    "draft4": jsonschema_rs.Draft4Validator,
    "draft6": jsonschema_rs.Draft6Validator,
    "draft7": jsonschema_rs.Draft7Validator,
    "draft2019-09": jsonschema_rs.Draft201909Validator,
    "draft2020-12": jsonschema_rs.Draft202012Validator,
}


def _refuse(uri: str) -> Any:
    raise ValueError(f"{uri} is not fetched")


def problems_of(value: Any, schema: Any, draft: str, *, every: bool = True) -> Iterator[Problem]:
    """What is wrong with a value by a schema; the schema's own mistakes are told as problems, too."""
    try:
        validator = _built(json.dumps(schema, default=str), draft)
        errors = list(validator.iter_errors(value))
    except (ValueError, TypeError) as fault:
        yield Problem(f"the schema cannot be used: {str(fault).splitlines()[0][:200]}")
        return
    for error in errors[: None if every else 1]:
        path = tuple(error.instance_path)
        unexpected = getattr(error.kind, "unexpected", None)
        if isinstance(unexpected, list):
            yield from (
                Problem(f"Property {shown(name)} is not expected to be here", (*path, name)) for name in unexpected
            )
        else:
            yield Problem(_message(error), path)


@lru_cache(maxsize=1024)
def _built(schema: str, draft: str) -> Any:
    # Nothing that a schema refers to is fetched, from a network or from a disk.
    return _BUILDERS[draft](json.loads(schema), validate_formats=True, retriever=_refuse)


def _message(error: Any) -> str:
    text = str(error.message)
    return f"{{{{property}}}} {text}" if not text.startswith('"') else text


def schema(value: Any, options: Any, _question: Question) -> Iterator[Problem]:
    """It must fit `schema`; `dialect` says which JSON Schema that is, `allErrors` whether all mistakes are told."""
    if value is ABSENT:
        yield Problem("{{property}} must exist")
        return
    yield from problems_of(value, options["schema"], dialect_of(options), every=bool(options.get("allErrors")))


def dialect_of(options: Any) -> str:
    """The dialect that options name, or their schema does."""
    named = options.get("dialect", "auto")
    if named in _BUILDERS:
        return str(named)
    said = options["schema"].get("$schema", "") if isinstance(options["schema"], dict) else ""
    for mark, draft in (
        ("draft-04", "draft4"),
        ("draft-06", "draft6"),
        ("2019-09", "draft2019-09"),
        ("2020-12", "draft2020-12"),
    ):
        if mark in str(said):
            return draft
    return "draft7"


def discriminator(value: Any, _options: Any, _question: Question) -> Iterator[Problem]:
    """In OpenAPI 2 the property that tells forms apart must be defined, and required."""
    name = value.get("discriminator") if isinstance(value, dict) else None
    if not isinstance(name, str):
        return
    properties, required = value.get("properties"), value.get("required")
    if not isinstance(properties, dict) or name not in properties:
        yield Problem(f"The discriminator property {shown(name)} must be defined in this schema.", ("properties",))
    if not isinstance(required, list) or name not in required:
        yield Problem(f"The discriminator property {shown(name)} must be in the required property list.", ("required",))

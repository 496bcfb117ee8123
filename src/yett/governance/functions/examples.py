"""Checks of examples against the schemas they illustrate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from yett.governance.functions.schemas import problems_of
from yett.governance.rule import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yett.governance.rule import Question
    from yett.governance.subject import Subject

_DEEPEST: Final = 40
_LISTS: Final = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAPS: Final = ("properties", "patternProperties", "definitions", "$defs", "dependentSchemas")
_SINGLE: Final = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")


def example(value: Any, options: Any, question: Question) -> Iterator[Problem]:
    """The examples of a schema, or of what has one under `schemaField`, must fit it."""
    if not isinstance(value, dict):
        return
    field = options.get("schemaField", "$")
    holder = value if field == "$" else value.get(field)
    if not isinstance(holder, dict):
        return
    fitting = usable(holder, question.subject)
    draft = "draft2020-12" if question.subject.formats & {"oas3_1", "oas3_2"} else "draft4"
    for path, one in _examples(value, options, question.subject):
        for problem in problems_of(one, fitting, draft, every=False):
            yield Problem(problem.message, (*path, *problem.path))


def _examples(value: dict[str, Any], options: Any, subject: Subject) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if options.get("type") == "media":
        # One beside `schema` first; of several, each that holds its value.
        if "example" in value:
            yield ("example",), value["example"]
        listed = value.get("examples")
        for name, entry in listed.items() if isinstance(listed, dict) else ():
            target = (
                subject.target(entry["$ref"])
                if isinstance(entry, dict) and isinstance(entry.get("$ref"), str)
                else None
            )
            held = target.value if target is not None else entry
            if isinstance(held, dict) and "value" in held:
                yield ("examples", name, "value"), held["value"]
            elif "oas2" in subject.formats:
                yield ("examples", name), entry
        return
    for key in ("default", "example", "x-example"):
        if key in value:
            yield (key,), value[key]
    listed = value.get("examples")
    for index, one in enumerate(listed if isinstance(listed, list) else ()):
        yield ("examples", index), one


def usable(schema: Any, subject: Subject) -> Any:
    """A schema of OpenAPI as JSON Schema, its references within the document put where they are used."""
    memory: dict[str, Any] = {}
    converted = _convert(schema, subject, memory, 0)
    if memory and isinstance(converted, dict):
        converted = {**converted, "definitions": {**memory, **converted.get("definitions", {})}}
    return converted


def _convert(schema: Any, subject: Subject, memory: dict[str, Any], depth: int) -> Any:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return schema if isinstance(schema, bool) else {}
    if isinstance(schema.get("$ref"), str):
        return _reference(schema["$ref"], subject, memory, depth)
    out = {
        key: value
        for key, value in schema.items()
        if key not in {"example", "examples", "discriminator", "xml", "id", "$id"}
    }
    for key in _SINGLE:
        if isinstance(out.get(key), dict):
            out[key] = _convert(out[key], subject, memory, depth + 1)
    for key in (*_LISTS, "items"):
        if isinstance(out.get(key), list):
            out[key] = [_convert(one, subject, memory, depth + 1) for one in out[key]]
    for key in _MAPS:
        if isinstance(out.get(key), dict):
            out[key] = {name: _convert(one, subject, memory, depth + 1) for name, one in out[key].items()}
    _nullable(out)
    return out


def _nullable(schema: dict[str, Any]) -> None:
    """`nullable` in the words of JSON Schema; what is no keyword's value is left out rather than refused."""
    null = schema.pop("nullable", None) is True or schema.pop("x-nullable", None) is True
    if null and isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    if null and isinstance(schema.get("enum"), list) and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    if schema.get("type") == "file":
        schema.pop("type")
    if not isinstance(schema.get("required"), list | None):
        schema.pop("required")


def _reference(reference: str, subject: Subject, memory: dict[str, Any], depth: int) -> Any:
    target = subject.target(reference)
    if target is None:
        return {}
    name = reference.removeprefix("#").replace("/", ".").replace("~", "-")
    if name not in memory:
        # Known before it is converted: a schema may lead back to itself.
        memory[name] = {}
        memory[name] = _convert(target.value, subject, memory, depth + 1)
    return {"$ref": f"#/definitions/{name}"}

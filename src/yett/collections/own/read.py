"""`*.collection.yaml` becomes a collection, or every mistake in it with its line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from yett.collections.model import (
    MAX_DEPTH,
    Assertion,
    Auth,
    Body,
    Collection,
    Environment,
    Example,
    Extraction,
    Folder,
    Operator,
    Pair,
    Part,
    Request,
    Script,
    Variable,
)
from yett.collections.own.shapes import (
    SUBJECTS,
    TESTS,
    AssertionShape,
    AuthShape,
    BodyShape,
    EnvironmentShape,
    FileShape,
    ItemShape,
    SecretShape,
    VariableShape,
)
from yett.collections.secrets import is_template, names_a_secret
from yett.config.literals import literal_secrets
from yett.config.mistakes import shape_mistakes
from yett.model.diagnostic import has_errors
from yett.model.secret import SecretReference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from yett.collections.own.shapes import ExampleShape, ExtractionShape, PairShape, ScriptShape
    from yett.collections.reading import Notes
    from yett.documents import Document

_VALUES = {"header": "header", "json_": "json", "body": "body", "status": "status"}


def collection_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a collection's file."""
    schema = FileShape.model_json_schema(by_alias=True, mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:yett:collection", **schema}


def read_own(document: Document, notes: Notes) -> Collection | None:
    """The collection of a document; `None`, with the mistakes in `notes`, where it has any."""
    if _tell_secrets(document, notes) or _is_too_deep(document, notes):
        return None
    try:
        shape = FileShape.model_validate(document.value)
    except (ValidationError, RecursionError) as error:
        if isinstance(error, ValidationError):
            for one in shape_mistakes(error, document, document.file, FileShape):
                notes.add(one)
        return None
    _tell_suspects(shape.variables, ("variables",), document, notes)
    return Collection(
        shape.name,
        _items(shape.items),
        note=shape.note,
        version=shape.version,
        headers=_pairs(shape.headers),
        auth=_auth(shape.auth),
        variables=_variables(shape.variables),
        scripts=_scripts(shape.scripts),
        environments=tuple(Environment(name, _variables(held)) for name, held in shape.environments.items()),
    )


def read_own_environment(document: Document, name: str, notes: Notes) -> Environment | None:
    """The environment in a file of its own."""
    if _tell_secrets(document, notes):
        return None
    try:
        shape = EnvironmentShape.model_validate(document.value)
    except ValidationError as error:
        for one in shape_mistakes(error, document, document.file, EnvironmentShape):
            notes.add(one)
        return None
    _tell_suspects(shape.variables, ("variables",), document, notes)
    return Environment(name, _variables(shape.variables))


def _is_too_deep(document: Document, notes: Notes) -> bool:
    level: list[Any] = [document.value]
    for _ in range(MAX_DEPTH + 1):
        level = [one for item in level if isinstance(item, dict) for one in _children(item)]
    if level:
        from yett.collections.reading import Spot

        Spot(document, notes, None).note(
            "too-deep", f"folders are nested more than {MAX_DEPTH} deep", "flatten them", "error"
        )
    return bool(level)


def _children(item: dict[str, Any]) -> list[Any]:
    found = item.get("items")
    return found if isinstance(found, list) else []


def _tell_secrets(document: Document, notes: Notes) -> bool:
    found = list(literal_secrets(document, document.file))
    for one in found:
        notes.add(one)
    return has_errors(found)


def _tell_suspects(held: Mapping[str, Any], parts: tuple[str, ...], document: Document, notes: Notes) -> None:
    """Warn of variables that are called like secrets and are written in the clear."""
    from yett.collections.reading import Spot

    for name, value in held.items():
        text = value.value if isinstance(value, VariableShape) else value
        if isinstance(text, str) and text and not is_template(text) and names_a_secret(name):
            spot = Spot(document, notes, None, (*parts, name))
            spot.note(
                "secret-suspected", f"`{name[:60]}` looks like a secret in the clear", "write `{env: NAME}` instead"
            )


def _items(shapes: Sequence[ItemShape]) -> tuple[Request | Folder, ...]:
    return tuple(_request(one) if one.items is None else _folder(one, one.items) for one in shapes)


def _folder(shape: ItemShape, items: Sequence[ItemShape]) -> Folder:
    return Folder(
        shape.name,
        _items(items),
        note=shape.note,
        headers=_pairs(shape.headers),
        auth=_auth(shape.auth),
        variables=_variables(shape.variables),
        scripts=_scripts(shape.scripts),
    )


def _request(shape: ItemShape) -> Request:
    return Request(
        shape.name,
        shape.method,
        shape.url,
        note=shape.note,
        operation=shape.operation,
        path=_pairs(shape.path),
        query=_pairs(shape.query),
        headers=_pairs(shape.headers),
        body=None if shape.body is None else _body(shape.body),
        auth=_auth(shape.auth),
        assertions=tuple(map(_assertion, shape.expect)),
        extractions=tuple(_extraction(name, one) for name, one in shape.extract.items()),
        scripts=_scripts(shape.scripts),
        examples=tuple(map(_example, shape.examples)),
        tags=tuple(shape.tags),
    )


def text_of(value: object) -> str:
    """A scalar as text, as JSON spells it."""
    return value if isinstance(value, str) else json.dumps(value)


def _pairs(held: Mapping[str, Any] | Sequence[PairShape]) -> tuple[Pair, ...]:
    if isinstance(held, dict):
        return tuple(Pair(name, text_of(value)) for name, value in held.items())
    return tuple(Pair(one.name, text_of(one.value), one.enabled, one.note) for one in held)  # type: ignore[union-attr]


def _variables(held: Mapping[str, Any]) -> tuple[Variable, ...]:
    return tuple(_variable(name, value) for name, value in held.items())


def _variable(name: str, value: Any) -> Variable:
    if isinstance(value, VariableShape):
        return Variable(name, _value(value.value), value.enabled, value.note)
    return Variable(name, _value(value))


def _value(value: Any) -> str | SecretReference:
    if isinstance(value, SecretShape):
        return SecretReference("env", value.env) if value.env is not None else SecretReference("file", value.file or "")
    return text_of(value)


def _auth(shape: AuthShape | str | None) -> Auth | None:
    if shape is None or isinstance(shape, str):
        return None if shape is None else Auth("none")
    if shape.basic is not None:
        return Auth("basic", (("password", shape.basic.password), ("username", shape.basic.username)))
    if shape.bearer is not None:
        return Auth("bearer", (("token", shape.bearer),))
    if shape.api_key is not None:
        key = shape.api_key
        return Auth("api-key", (("in", key.where), ("name", key.name), ("value", key.value)))
    other = shape.other
    return None if other is None else Auth(other.kind, tuple(sorted(other.settings.items())))


def _body(shape: BodyShape) -> Body:
    if "json_" in shape.model_fields_set:
        return Body("text", shape.media or "application/json", json.dumps(shape.json_, ensure_ascii=False, indent=2))
    if shape.text is not None:
        return Body("text", shape.media, shape.text)
    if shape.form is not None:
        return Body("form", shape.media, fields=_pairs(shape.form))
    if shape.multipart is not None:
        parts = (
            Part(one.name, text_of(one.value), one.file, one.media, one.enabled, one.note) for one in shape.multipart
        )
        return Body("multipart", shape.media, parts=tuple(parts))
    if shape.graphql is not None:
        return Body("graphql", shape.media, shape.graphql.query, variables=shape.graphql.variables)
    return Body("file", shape.media, file=shape.file or "")


def _assertion(shape: AssertionShape) -> Assertion:
    here = shape.model_fields_set
    subject = next(iter(here & SUBJECTS))
    test = next(iter(here & TESTS), None)
    if subject == "status" and test is None:
        return _status(shape.status)
    if subject == "time_ms":
        return Assertion("time", "below", shape.time_ms)
    if subject == "contract":
        return Assertion("contract", "equals", shape.contract)
    at = (shape.header or "").lower() if subject == "header" else (shape.json_ or "")
    operator: Operator = (test or "equals").replace("_", "-")  # type: ignore[assignment]
    kind = "json" if subject == "json_" else subject
    return Assertion(kind, operator, getattr(shape, test or "equals"), at)  # type: ignore[arg-type]


def _status(value: Any) -> Assertion:
    if isinstance(value, str):
        return Assertion("status", "matches", value)
    return Assertion("status", "one-of" if isinstance(value, list) else "equals", value)


def _extraction(name: str, shape: ExtractionShape) -> Extraction:
    source = next(iter(shape.model_fields_set))
    at = (shape.header or "").lower() if source == "header" else (shape.json_ or "")
    return Extraction(name, _VALUES[source], at)  # type: ignore[arg-type]


def _scripts(shapes: Sequence[ScriptShape]) -> tuple[Script, ...]:
    return tuple(Script(one.when, one.text) for one in shapes)


def _example(shape: ExampleShape) -> Example:
    return Example(shape.name, shape.status, _pairs(shape.headers), shape.body)

"""The examples that a contract itself declares for the parameters and the body of an operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yett.contract.contract import Examples
from yett.contract.media import media_range, specificity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yett.contract.node import Node
    from yett.contract.parameters import Key
    from yett.contract.reader import Reader


def declared_examples(reader: Reader, operation: Node, parameters: dict[Key, Node]) -> Examples:
    """Collect the first example of each parameter, of the body, and of each form of each answer."""
    found = {key: example for key, node in parameters.items() if (example := _example(reader, node))}
    answers = dict(_answers(reader, operation))
    return Examples({key: example[0] for key, example in found.items()}, _body(reader, operation), answers)


def _answers(reader: Reader, operation: Node) -> Iterator[tuple[tuple[str, str], tuple[Any]]]:
    with reader.report.muted():
        for entry in reader.entries(operation, "responses"):
            answer = reader.object_at(entry)
            for media in reader.entries(answer, "content") if answer is not None else ():
                name, node = media_range(str(media.key)), reader.object_at(media)
                example = _example(reader, node) if node is not None else ()
                if name is not None and example:
                    yield (str(entry.key).upper(), name), (example[0],)


def _body(reader: Reader, operation: Node) -> tuple[str, Any] | None:
    if "requestBody" not in operation.value:
        return None
    with reader.report.muted():
        body = reader.object_at(operation.child("requestBody"))
        entries = [] if body is None else list(reader.entries(body, "content"))
    named = [(name, entry) for entry in entries if (name := media_range(str(entry.key))) is not None]
    for name, entry in sorted(named, key=lambda one: specificity(one[0])):
        example = _example(reader, entry) if isinstance(entry.value, dict) else ()
        if example:
            return name, example[0]
    return None


def _example(reader: Reader, node: Node) -> tuple[Any, ...]:
    """Return the first example of a parameter or media type in a tuple; an empty one where there is none."""
    if "example" in node.value:
        return (node.value["example"],)
    with reader.report.muted():
        for entry in reader.entries(node, "examples"):
            found = reader.object_at(entry)
            for key in ("dataValue", "value"):
                if found is not None and key in found.value:
                    return (found.value[key],)
        return _schema_example(reader, node)


def _schema_example(reader: Reader, node: Node) -> tuple[Any, ...]:
    schema = reader.object_at(node.child("schema")) if isinstance(node.value.get("schema"), dict) else None
    if schema is None:
        return ()
    if "example" in schema.value:
        return (schema.value["example"],)
    examples = schema.value.get("examples")
    if isinstance(examples, list) and examples:
        return (examples[0],)
    return (schema.value["default"],) if "default" in schema.value else ()

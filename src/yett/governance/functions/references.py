"""Checks of references: what leads where, and what nothing leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from yett.documents import join_pointer
from yett.governance.jsonpath.path import children_of
from yett.governance.rule import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yett.governance.rule import Question
    from yett.governance.subject import Subject

_ALLOWED: Final = {"$ref", "summary", "description"}


def siblings(_value: Any, _options: Any, question: Question) -> Iterator[Problem]:
    """Nothing may stand beside a `$ref`: it is not read. What is named `$ref` as a property is none."""
    holder = question.place.parent
    if holder is None or not isinstance(holder.value, dict) or holder.key in {"examples", "example", "default", "enum"}:
        return
    if holder.key == "properties" or not isinstance(holder.value.get("$ref"), str):
        return
    path = question.path[:-1]
    for key in holder.value:
        if key != "$ref" and not (question.subject.formats & {"oas3_1", "oas3_2"} and key in _ALLOWED):
            yield Problem("$ref must not be placed next to any other properties", (*path, key), absolute=True)


def referenced(subject: Subject) -> frozenset[str]:
    """Every reference of the document, as it is written, and every place one of them goes through."""
    if "referenced" not in subject.memory:
        found: set[str] = set()
        waiting: list[Any] = [subject.root]
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                if isinstance(value.get("$ref"), str):
                    found.add(value["$ref"])
                mapping = value.get("discriminator")
                if isinstance(mapping, dict) and isinstance(mapping.get("mapping"), dict):
                    found.update(one for one in mapping["mapping"].values() if isinstance(one, str))
                waiting.extend(value.values())
            elif isinstance(value, list):
                waiting.extend(value)
        subject.memory["referenced"] = frozenset(found)
    result: frozenset[str] = subject.memory["referenced"]
    return result


def _is_used(subject: Subject, pointer: str) -> bool:
    used = referenced(subject)
    return f"#{pointer}" in used or any(one.startswith(f"#{pointer}/") for one in used)


def unreferenced(value: Any, options: Any, question: Question) -> Iterator[Problem]:
    """What is kept to be used again (`reusableObjectsLocation`) must be used."""
    location = str(options["reusableObjectsLocation"]).removeprefix("#")
    if isinstance(value, dict):
        for name in value:
            if not _is_used(question.subject, f"{location}{join_pointer((name,))}"):
                yield Problem("Potential orphaned reusable object has been detected", (name,))


def unused_components(_value: Any, _options: Any, question: Question) -> Iterator[Problem]:
    """Components must be used."""
    components = question.subject.place(("components",))
    if components is None:
        return
    for kind in children_of(components):
        if kind.key == "securitySchemes":
            continue
        for one in children_of(kind):
            if not str(kind.key).startswith("x-") and not _is_used(question.subject, join_pointer(one.path)):
                yield Problem("Potentially unused component has been detected.", one.path, absolute=True)

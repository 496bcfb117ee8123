"""Runs the rules of a ruleset over a document."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any, Final

from yett.documents import join_pointer
from yett.governance.jsonpath import Index, PathError, Place, compile_path
from yett.governance.rule import ABSENT, SEVERITIES, Finding, Question
from yett.governance.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yett.documents import Document
    from yett.governance.exceptions import Override, Waiver
    from yett.governance.jsonpath.path import Follow
    from yett.governance.rule import Problem, Rule, Severity, Then
    from yett.governance.ruleset import Ruleset

_TEMPLATE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_FIELD: Final = re.compile(r"[^.\[\]]+")
MOST_FINDINGS: Final = 10_000
"""A document with more is told so many."""

Keys = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules found, and at how many places each of them looked."""

    findings: tuple[Finding, ...]
    looked: Mapping[str, int]


def lint(document: Document, ruleset: Ruleset, *, today: date | None = None) -> tuple[Finding, ...]:
    """What the rules find, as `examine` tells it."""
    return examine(document, ruleset, today=today).findings


def examine(document: Document, ruleset: Ruleset, *, today: date | None = None) -> Outcome:
    """Hold a document against a ruleset: findings by place, each once.

    A rule for other formats than the document's is left out. A finding that somebody has waived until `today` or later,
    by default the day it is in UTC, says so in `waived`.
    """
    subject = Subject(document)
    today = today or datetime.now(UTC).date()
    found: dict[tuple[str, Keys, str], Finding] = {}
    looked: Counter[str] = Counter()
    for rule in ruleset.rules.values():
        if rule.formats and not rule.formats & subject.formats:
            continue
        for path, problem in _problems(rule, subject, looked):
            finding = _finding(rule, path, problem, subject, ruleset.overrides)
            if finding is not None:
                finding = replace(finding, waived=waived(finding, ruleset.waivers, today))
                found.setdefault((rule.id, finding.path, finding.message), finding)
            if len(found) >= MOST_FINDINGS:
                break
    order = {severity: rank for rank, severity in enumerate(SEVERITIES)}
    findings = sorted(found.values(), key=lambda one: (one.line, one.pointer, order[one.severity], one.rule))
    return Outcome(tuple(findings), looked)


def waived(finding: Finding, waivers: tuple[Waiver, ...], today: date) -> str:
    """Why a finding is put up with, and by whom; empty where it is not."""
    for waiver in waivers:
        if waiver.rule == finding.rule and today <= waiver.until and _covers(waiver.at, finding.file, finding.pointer):
            return f"{waiver.owner}: {waiver.reason}, until {waiver.until.isoformat()}"
    return ""


def _problems(rule: Rule, subject: Subject, looked: Counter[str]) -> Iterator[tuple[Keys, Problem]]:
    follow = subject.follow if rule.resolved else _stay
    for given in rule.given:
        for place in given.places(subject.index, follow):
            looked[rule.id] += 1
            for then in rule.then:
                yield from _asked(then, place, given.keys, subject, rule.resolved)


def _stay(place: Place) -> Place:
    return place


def _asked(then: Then, place: Place, keys: bool, subject: Subject, resolved: bool) -> Iterator[tuple[Keys, Problem]]:
    path = place.path
    if keys:
        question = Question(path, place, subject)
        yield from ((path, problem) for problem in then.check(place.key, then.options, question))
        return
    follow = subject.follow if resolved else _stay
    held = follow(place)
    for value, at in _fields(then.field, held, follow):
        question = Question(at, held if then.field else place, subject)
        for problem in then.check(value, then.options, question):
            yield at, replace(problem, property=_spelled(place, then.field)) if then.field else problem


def _spelled(place: Place, field: str) -> str:
    """A field as it is written in a message: by its name, with what it stands in where the name alone says little."""
    parts = _FIELD.findall(field)
    if len(parts) == 1 and not parts[0].isdigit():
        return field if field != "@key" else ""
    text = str(place.key or "")
    for part in parts:
        text += f"[{part}]" if part.isdigit() else f".{part}"
    return text.lstrip(".")


def _fields(field: str | None, place: Place, follow: Follow) -> Iterator[tuple[Any, Keys]]:
    """The values of a field and where they stand; what is not there is `ABSENT`, where it would stand."""
    path = place.path
    if field is None:
        yield place.value, path
    elif field == "@key":
        for key in place.value if isinstance(place.value, dict) else ():
            yield key, (*path, key)
    elif field.startswith("$"):
        try:
            found = list(compile_path(field).places(Index(place.value)))
        except PathError:
            found = []
        for one in found:
            yield one.value, (*path, *one.path)
        if not found:
            yield ABSENT, path
    else:
        yield _member(place, field, follow)


def _member(place: Place, field: str, follow: Follow) -> tuple[Any, Keys]:
    """The value of a field, by references on the way, too; it stands where the way to it is written."""
    value, keys = place.value, place.path
    parts: list[str] = [field] if isinstance(value, dict) and field in value else _FIELD.findall(field)
    for part in parts:
        if isinstance(value, dict) and "$ref" in value and part not in value:
            value = follow(Place(value, None, None, place.root)).value
        if isinstance(value, dict) and part in value:
            value, keys = value[part], (*keys, part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value, keys = value[int(part)], (*keys, int(part))
        else:
            return ABSENT, (*keys, part)
    return value, keys


def _finding(
    rule: Rule, path: Keys, problem: Problem, subject: Subject, overrides: tuple[Override, ...]
) -> Finding | None:
    at = problem.path if problem.absolute else (*path, *problem.path)
    known = _known(at, subject.root)
    pointer = join_pointer(known)
    file = subject.document.file
    severity = severity_at(rule, file, pointer, overrides)
    if severity is None:
        return None
    message = _message(rule, problem, at, subject.root)
    return Finding(
        rule.id, severity, message, file, subject.document.line(pointer), pointer, known, rule.hint, rule.link
    )


def _known(path: Keys, root: Any) -> Keys:
    """As much of a path as there is in the document: a finding stands where somebody can go."""
    value, known = root, []
    for part in path:
        step = _step(value, part)
        if step is None:
            break
        value = value[step]
        known.append(step)
    return tuple(known)


def _step(value: Any, part: str | int) -> str | int | None:
    """The key or index of `value` that a part of a path means; a validator tells the key "200" as a number."""
    if isinstance(value, dict):
        return part if part in value else str(part) if str(part) in value else None
    if isinstance(value, list) and str(part).isdigit() and int(part) < len(value):
        return int(part)
    return None


def _message(rule: Rule, problem: Problem, path: Keys, root: Any) -> str:
    named = problem.property or (str(path[-1]) if path else "")
    property_ = f'"{named}" property' if named else "The document"
    error = problem.message.replace("{{property}}", property_)
    words = {
        "error": error,
        "description": rule.description,
        "path": join_pointer(path),
        "property": named,
        "value": _value(path, root),
    }
    template = rule.message or rule.description or "{{error}}"
    return _TEMPLATE.sub(lambda match: words.get(match[1], match[0]), template)


def _value(path: Keys, root: Any) -> str:
    from yett.governance.functions.values import shown

    value = root
    for part in path:
        if isinstance(value, dict | list):
            try:
                value = value[part]  # type: ignore[index]
            except (KeyError, IndexError, TypeError):
                return shown(ABSENT)
    return shown(value)


def severity_at(rule: Rule, file: str, pointer: str, overrides: tuple[Override, ...]) -> Severity | None:
    """The severity of a rule at a place; the last override that fits counts. `None`: it is off there."""
    severity: Severity | None = rule.severity
    for override in overrides:
        if rule.id in override.severities and any(_covers(pattern, file, pointer) for pattern in override.files):
            severity = override.severities[rule.id]
    return severity


def _covers(pattern: str, file: str, pointer: str) -> bool:
    name, _, below = pattern.partition("#")
    if below and not (pointer == below or pointer.startswith(f"{below}/")):
        return False
    return not name or fnmatch(file, name) or fnmatch(file, f"*/{name}") or fnmatch(file, name.replace("**/", ""))

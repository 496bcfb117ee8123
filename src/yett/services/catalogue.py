"""What there is: operations of all APIs of a configuration, found by words, path, field and owner."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from yett.services.assembly import Assembly, assemble
from yett.services.collections import collection_files, read_collection, steps_of

if TYPE_CHECKING:
    from yett.contract import Contract, Operation
    from yett.model.api import Api
    from yett.model.diagnostic import Diagnostic

_MOST_FIELDS: Final = 2_000
_DEEPEST: Final = 12
_INSIDE: Final = ("allOf", "anyOf", "oneOf")


@dataclass(frozen=True, slots=True)
class Entry:
    """An operation. `fields` are its parameters, and the properties of its bodies by their path: `items.price`.

    `collections` group it in the configuration; `requests` are saved requests that call it.
    """

    operation: str
    method: str
    path: str
    summary: str
    owner: str
    tags: tuple[str, ...]
    deprecated: bool
    fields: tuple[str, ...] = field(repr=False)
    collections: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; all of it must fit. `path`, `field` and `owner` may hold `*`."""

    words: tuple[str, ...] = ()
    path: str = ""
    field: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What fits, and every mistake of the configuration."""

    entries: tuple[Entry, ...]
    diagnostics: tuple[Diagnostic, ...]


def look_up(path: str, environment: Mapping[str, str], wanted: Wanted) -> Catalogue:
    """The operations of the configuration at `path` that fit what is wanted, in the order of the APIs."""
    assembly = assemble(path, environment, need_secrets=False)
    home = Path(path) if Path(path).is_dir() else Path(path).parent
    saved = _saved(home)
    return Catalogue(tuple(one for one in _entries(assembly, saved) if fits(one, wanted)), assembly.diagnostics)


def fits(entry: Entry, wanted: Wanted) -> bool:
    """Whether an entry is one that is looked for."""
    held = (entry.operation, entry.method, entry.path, entry.summary, entry.owner)
    text = " ".join([*held, *entry.tags, *entry.collections, *entry.requests, *entry.fields]).lower()
    return (
        all(word.lower() in text for word in wanted.words)
        and (not wanted.path or _like(entry.path, wanted.path, within=True))
        and (not wanted.owner or _like(entry.owner, wanted.owner))
        and (not wanted.field or any(_is_field(one, wanted.field) for one in entry.fields))
    )


def _like(text: str, pattern: str, *, within: bool = False) -> bool:
    pattern = f"*{pattern}*" if within and "*" not in pattern else pattern
    return fnmatch.fnmatchcase(text.lower(), pattern.lower().replace("[", "[[]"))


def _is_field(path: str, pattern: str) -> bool:
    """Whether a field is meant: by its own name, or by the end of its path."""
    return _like(path, pattern) or _like(path, f"*.{pattern}")


def _entries(assembly: Assembly, saved: Mapping[str, tuple[str, ...]]) -> Iterator[Entry]:
    for api in assembly.configuration.apis:
        contract = assembly.contracts.get(api.name)
        for operation in contract.operations if contract else ():
            if contract is not None:
                yield _entry(api, contract, operation, assembly, saved)


def _entry(
    api: Api, contract: Contract, operation: Operation, assembly: Assembly, saved: Mapping[str, tuple[str, ...]]
) -> Entry:
    name = f"{api.name}:{operation.operation_id}"
    groups = (
        one.name
        for one in assembly.configuration.collections
        if any(fnmatch.fnmatchcase(name, held.name.replace("[", "[[]")) for held in one.operations)
    )
    return Entry(
        name,
        operation.method,
        api.base_path.rstrip("/") + operation.path,
        operation.summary,
        api.owner.name if api.owner else "",
        operation.tags,
        operation.deprecated,
        tuple(dict.fromkeys(_fields(contract, operation))),
        tuple(groups),
        saved.get(name, ()),
    )


def _fields(contract: Contract, operation: Operation) -> Iterator[str]:
    yield from (one["name"] for one in operation.parameters)
    for media in (operation.body or {}).get("media", ()):
        yield from _properties(media.get("schema"), contract.request_schemas)
    for response in operation.responses:
        for media in response.get("media", ()):
            yield from _properties(media.get("schema"), contract.response_schemas)


def _properties(schema: Any, definitions: Mapping[str, Any]) -> Iterator[str]:
    """The paths of a schema's properties; of one that is recursive, each schema once in a line."""
    number = 0
    waiting: list[tuple[str, Any, frozenset[str]]] = [("", schema, frozenset())]
    while waiting and number < _MOST_FIELDS:
        path, held, above = waiting.pop()
        if not isinstance(held, dict) or path.count(".") > _DEEPEST:
            continue
        reference = str(held.get("$ref", ""))
        if reference and reference not in above:
            found = definitions.get(reference.partition("#/$defs/")[2].replace("~1", "/").replace("~0", "~"))
            waiting.append((path, found, above | {reference}))
        waiting += [(path, inner, above) for inner in _within(held)]
        properties = held.get("properties")
        for name, inner in properties.items() if isinstance(properties, dict) else ():
            number += 1
            yield path + name
            waiting.append((f"{path}{name}.", inner, above))


def _within(schema: dict[str, Any]) -> Iterable[Any]:
    """What looks at the same value, or at the entries of a list, whose properties are named alike."""
    yield from (one for key in _INSIDE for one in schema.get(key) or ())
    yield schema.get("items")


def _saved(home: Path) -> dict[str, tuple[str, ...]]:
    """The saved requests beside a configuration, by the operation they call."""
    found: dict[str, tuple[str, ...]] = {}
    for file in collection_files(home):
        collection = read_collection(file).collection
        for step in steps_of(collection) if collection is not None else ():
            operation = step.request.operation
            if operation:
                found[operation] = (*found.get(operation, ()), f"{file.name}: {step.title}")
    return found


def told(entries: Sequence[Entry], wanted: Wanted) -> Iterator[tuple[Entry, tuple[str, ...]]]:
    """Each entry, with the fields for which it was found."""
    for one in entries:
        yield one, tuple(each for each in one.fields if wanted.field and _is_field(each, wanted.field))

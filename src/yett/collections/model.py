"""A collection: requests in folders, with variables, assertions and examples. Texts may hold `{{variables}}`.

A secret is never part of a text: it is the value of a variable, by reference, and texts name that variable.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from yett.model.secret import SecretReference

MAX_DEPTH: Final = 20
"""Folders in folders; deeper ones are refused by the readers."""
MAX_REQUESTS: Final = 20_000
"""Requests of one collection."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A named text: a header, a parameter or a field. A disabled one is kept and not sent."""

    name: str
    value: str = ""
    enabled: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class Variable:
    """A name for a text, or for a secret that is held elsewhere."""

    name: str
    value: str | SecretReference = ""
    enabled: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a multipart body: a text, or the contents of a file by its path."""

    name: str
    value: str = ""
    file: str = ""
    media: str = ""
    enabled: bool = True
    note: str = ""


BodyKind = Literal["text", "form", "multipart", "file", "graphql"]


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent: `text` (also a GraphQL query), `fields` of a form, `parts`, or the contents of `file`.

    `variables` is the JSON text of a GraphQL query's variables; `media` the content type, empty where the kind says it.
    """

    kind: BodyKind
    media: str = ""
    text: str = ""
    fields: tuple[Pair, ...] = ()
    parts: tuple[Part, ...] = ()
    file: str = ""
    variables: str = ""


AUTH_KINDS: Final = ("none", "basic", "bearer", "api-key")
"""The kinds of proof that a run can give; others are kept."""


@dataclass(frozen=True, slots=True)
class Auth:
    """How a request proves itself: a kind and its settings, sorted by name.

    `basic` has `username` and `password`, `bearer` has `token`, `api-key` has `name`, `value` and `in` (`header` or
    `query`); `none` says that nothing is inherited.
    """

    kind: str
    settings: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """A setting; empty where it is not set."""
        return dict(self.settings).get(name, "")


Subject = Literal["status", "header", "json", "body", "time", "contract"]
Operator = Literal[
    "equals", "differs", "one-of", "matches", "contains", "lacks", "exists", "above", "below", "type", "size"
]


@dataclass(frozen=True, slots=True)
class Assertion:
    """What must hold of an answer.

    `at` names the header, or is the JSON pointer (RFC 6901) of the value. `time` is in milliseconds; `contract` holds
    when the answer is one that the operation's contract describes.
    """

    subject: Subject
    operator: Operator = "equals"
    value: Any = None
    at: str = ""


def is_sensible(one: Assertion) -> bool:
    """Whether the value of an assertion is of the type that its operator compares with."""
    value = one.value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if one.subject == "time":
        return one.operator == "below" and isinstance(value, int) and is_number and value >= 1
    if one.subject == "status" and one.operator in ("equals", "matches"):
        is_class = isinstance(value, str) and len(value) == 3 and value[0] in "12345" and value[1:] == "xx"
        return is_class if one.operator == "matches" else isinstance(value, int) and is_number
    match one.operator:
        case "matches" | "type":
            return isinstance(value, str)
        case "one-of":
            return isinstance(value, list)
        case "above" | "below":
            return is_number
        case "size":
            return isinstance(value, int) and is_number and value >= 0
        case "exists":
            return isinstance(value, bool) and one.subject in ("json", "header")
    return True


@dataclass(frozen=True, slots=True)
class Extraction:
    """A variable that later requests have, taken from an answer."""

    variable: str
    source: Literal["header", "json", "body", "status"]
    at: str = ""


When = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Script:
    """A program of another tool's: kept and listed, never run."""

    when: When
    text: str


@dataclass(frozen=True, slots=True)
class Example:
    """An answer that was kept beside a request."""

    name: str
    status: int = 200
    headers: tuple[Pair, ...] = ()
    body: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    `auth` is `None` where that of the folder or the collection is used; `operation` is `api:operationId`.
    """

    name: str
    method: str = "GET"
    url: str = ""
    note: str = ""
    operation: str = ""
    path: tuple[Pair, ...] = ()
    query: tuple[Pair, ...] = ()
    headers: tuple[Pair, ...] = ()
    body: Body | None = None
    auth: Auth | None = None
    assertions: tuple[Assertion, ...] = ()
    extractions: tuple[Extraction, ...] = ()
    scripts: tuple[Script, ...] = ()
    examples: tuple[Example, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Folder:
    """Requests and folders with what they share."""

    name: str
    items: tuple[Request | Folder, ...] = ()
    note: str = ""
    headers: tuple[Pair, ...] = ()
    auth: Auth | None = None
    variables: tuple[Variable, ...] = ()
    scripts: tuple[Script, ...] = ()


@dataclass(frozen=True, slots=True)
class Environment:
    """Variables of one place to run against: they win over those of the collection."""

    name: str
    variables: tuple[Variable, ...] = ()


@dataclass(frozen=True, slots=True)
class Collection:
    """Requests in folders, with what all of them share."""

    name: str
    items: tuple[Request | Folder, ...] = ()
    note: str = ""
    version: str = ""
    headers: tuple[Pair, ...] = ()
    auth: Auth | None = None
    variables: tuple[Variable, ...] = ()
    scripts: tuple[Script, ...] = ()
    environments: tuple[Environment, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A request with the folders it stands in, outermost first."""

    request: Request
    folders: tuple[Folder, ...] = ()

    @property
    def title(self) -> str:
        """The path of names: `Books / List all`."""
        return " / ".join([*(one.name for one in self.folders), self.request.name])


def steps_of(collection: Collection) -> Iterator[Step]:
    """Every request, in order."""
    waiting: list[tuple[tuple[Folder, ...], Request | Folder]] = [((), one) for one in reversed(collection.items)]
    while waiting:
        folders, item = waiting.pop()
        if isinstance(item, Request):
            yield Step(item, folders)
        else:
            waiting += [((*folders, item), one) for one in reversed(item.items)]


def empty_folders(collection: Collection) -> Iterator[str]:
    """The titles of folders in which no request stands."""
    waiting: list[tuple[str, Folder]] = [(one.name, one) for one in collection.items if isinstance(one, Folder)]
    while waiting:
        title, folder = waiting.pop()
        inner = [one for one in folder.items if isinstance(one, Folder)]
        if not folder.items:
            yield title
        waiting += [(f"{title} / {one.name}", one) for one in inner]


def scripts_of(collection: Collection) -> Iterator[tuple[str, Script]]:
    """Every script, with the title of where it stands."""
    yield from ((collection.name, one) for one in collection.scripts)
    seen: set[int] = set()
    for step in steps_of(collection):
        for depth, folder in enumerate(step.folders, 1):
            if id(folder) not in seen:
                seen.add(id(folder))
                title = " / ".join(one.name for one in step.folders[:depth])
                yield from ((title, one) for one in folder.scripts)
        yield from ((step.title, one) for one in step.request.scripts)

"""What an API is about, in a few words: `book:title:string,price:number?,genre:novel|poetry`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from yett.design.kinds import KINDS
from yett.errors import YettError
from yett.model.suggestion import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

_NOUN: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z")
_PROPERTY: Final = re.compile(r"[a-z][A-Za-z0-9_]{0,59}\Z")
_CHOICE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}\Z")
_LONGEST: Final = 40
MOST_RESOURCES: Final = 50
"""More in one contract are better split into several APIs."""
MOST_PROPERTIES: Final = 100
"""More in one resource are better split into several resources."""

DEFAULT: Final = "name:string,description:text?"
"""What a resource holds of which nothing is said."""


class ResourceError(YettError):
    """What an API is about was not understood. The message says which part, and the hint how to write it."""

    code = "resource-not-understood"


@dataclass(frozen=True, slots=True)
class Property:
    """One property: the name of its kind (`KINDS`) or its `choices`, in a list or alone, needed or not."""

    name: str
    kind: str
    choices: tuple[str, ...] = ()
    listed: bool = False
    required: bool = True


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing that an API keeps, in singular and plural, lower case with hyphens."""

    name: str
    plural: str
    properties: tuple[Property, ...]

    @property
    def type_name(self) -> str:
        """What its schema is called: `BookReview`."""
        return pascal(self.name)

    @property
    def plural_type(self) -> str:
        """What many are called in names of operations: `BookReviews`."""
        return pascal(self.plural)


def pascal(text: str) -> str:
    """`book-review` as `BookReview`."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[-_. ]", text))


def plural_of(noun: str) -> str:
    """The plural of a regular English noun; `person/people:...` says an irregular one."""
    if re.search(r"[^aeiou]y\Z", noun):
        return noun[:-1] + "ies"
    return noun + ("es" if re.search(r"(s|x|z|ch|sh)\Z", noun) else "s")


def read_resources(texts: Iterable[str]) -> tuple[Resource, ...]:
    """The resources that texts describe. Raises `ResourceError` for the first that is not understood."""
    found = tuple(read_resource(text) for text in texts)
    if len(found) > MOST_RESOURCES:
        raise ResourceError(f"more than {MOST_RESOURCES} resources", hint="split them into several APIs")
    taken: dict[str, str] = {}
    for one in found:
        names = {one.plural_type, *(f"{one.type_name}{end}" for end in ("", "Id", "Input", "Page"))}
        for name in sorted(names):
            if name in taken or name in _OURS:
                message = f"the resource `{one.name}` needs the name {name}, which is taken"
                raise ResourceError(message, hint="give it another name")
        taken |= dict.fromkeys(names, one.name)
    return found


_OURS: Final = frozenset({"Problem", "Problems", "Limit", "Cursor"})


def read_resource(text: str) -> Resource:
    """The resource that a text describes. Raises `ResourceError`."""
    head, _, tail = text.strip().partition(":")
    name, slash, plural = head.partition("/")
    plural = plural if slash else plural_of(name)
    for noun in (name, plural):
        if not _NOUN.match(noun) or len(noun) > _LONGEST:
            hint = "write it in lower case with hyphens: `book-review:text:string`"
            raise ResourceError(f"{noun[:60]!r} is not a name for a resource", hint=hint)
    properties = tuple(_property(part.strip(), name) for part in (tail or DEFAULT).split(",") if part.strip())
    if len(properties) > MOST_PROPERTIES:
        raise ResourceError(f"`{name}` has more than {MOST_PROPERTIES} properties", hint="split it")
    names = [one.name for one in properties]
    if twice := next((one for one in names if names.count(one) > 1), None):
        raise ResourceError(f"`{name}` has the property `{twice}` twice", hint="keep one of the two")
    return Resource(name, plural, properties)


def _property(text: str, owner: str) -> Property:
    name, colon, kind = text.partition(":")
    if not _PROPERTY.match(name):
        hint = "begin with a lower-case letter; use letters, digits and _"
        raise ResourceError(f"{name[:60]!r} is not a name for a property of `{owner}`", hint=hint)
    if name == "id":
        raise ResourceError(f"`{owner}` always has an `id`", hint="leave it out: it is a UUID that the API chooses")
    kind = kind.strip() if colon else "string"
    required = not kind.endswith("?")
    kind = kind.removesuffix("?")
    listed = kind.endswith("[]")
    kind = kind.removesuffix("[]")
    if "|" in kind:
        return Property(name, "string", _choices(kind, name), listed, required)
    if kind not in KINDS:
        hint = did_you_mean(kind, KINDS) or f"the kinds are {', '.join(KINDS)}, and choices such as open|closed"
        raise ResourceError(f"{kind[:60]!r} is not a kind of property", hint=hint)
    return Property(name, kind, (), listed, required)


def _choices(kind: str, name: str) -> tuple[str, ...]:
    choices = tuple(one.strip() for one in kind.split("|"))
    if len(set(choices)) < len(choices) or not all(map(_CHOICE.match, choices)):
        hint = "write at least two different words, such as open|closed"
        raise ResourceError(f"the choices of `{name}` are not understood", hint=hint)
    return choices

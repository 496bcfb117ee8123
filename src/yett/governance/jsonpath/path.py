"""A path compiled to steps, and the places it leads to in a document.

References are followed wherever a step goes down by name: a path that names `parameters` finds those that stand
elsewhere, too. Going down everywhere (`..`) does not follow them: what they lead to is in the document and is found
where it stands, so that each place is found once and a document in a circle ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from yett.governance.jsonpath.expression import Evaluate, PathError, Place, compile_condition, truth
from yett.governance.jsonpath.patterns import PatternError

Follow = Callable[[Place], Place]
"""What a place is or, where it holds a reference, leads to."""

Step = Callable[[Iterable[Place], Follow], Iterator[Place]]

_NAME: Final = re.compile(r"[^.\[\]~^()'\"\s]+")
_INDEX: Final = re.compile(r"-?\d+")
_SLICE: Final = re.compile(r"(-?\d*):(-?\d*)(?::(-?\d+))?")
_REGEX: Final = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\[])+/[a-z]*")
_MOST: Final = 1_000


class Index:
    """Every place of a document, and those under each key: made once, for all paths that begin by going everywhere."""

    def __init__(self, root: Any) -> None:
        self.root = Place(root, None, None, root)
        self.below = list(_everywhere([self.root], lambda place: place))[1:]
        self.by_key: dict[str | int | None, list[Place]] = {}
        for place in self.below:
            self.by_key.setdefault(place.key, []).append(place)


@dataclass(frozen=True, slots=True)
class Path:
    """A path: its text, and the steps it consists of. `keys`: the last step asks for keys instead of values.

    `first` is how it begins where it begins by going everywhere: by names, or by a condition.
    """

    text: str
    steps: tuple[Step, ...]
    keys: bool = False
    first: tuple[str | int, ...] | Evaluate | None = None

    def places(self, index: Index, follow: Follow = lambda place: place) -> Iterator[Place]:
        """The places it leads to, each once. Conditions that cannot be asked do not hold."""
        found: Iterable[Place] = [index.root]
        if isinstance(self.first, tuple):
            found = (place for name in self.first for place in index.by_key.get(name, ()))
        elif self.first is not None:
            found = _holding(self.first, index.below)
        for step in self.steps[0 if self.first is None else 2 :]:
            found = step(found, follow)
        seen: set[tuple[int, str | int | None]] = set()
        for place in found:
            mark = (id(place.parent.value) if place.parent else 0, place.key)
            if mark not in seen:
                seen.add(mark)
                yield place


def compile_path(text: str) -> Path:
    """The path of a text that begins with `$`. Raises `PathError`."""
    if len(text) > _MOST * 10:
        raise PathError("the path is too long")
    return _Reader(text).path()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self.at = 0
        self.steps: list[Step] = []
        # For each step: the names or the condition it goes by.
        self.seconds: list[tuple[str | int, ...] | Evaluate | None] = []
        self.keys = False

    def path(self) -> Path:
        if not self.text.startswith("$"):
            raise PathError(f"the path {self.text!r} does not begin with $")
        self.at = 1
        while self.at < len(self.text):
            self._step()
            if len(self.steps) > _MOST:
                raise PathError("the path has too many steps")
        fused = len(self.steps) > 1 and self.steps[0] is _everywhere
        return Path(self.text, tuple(self.steps), self.keys, self.seconds[1] if fused else None)

    def _add(self, step: Step, second: tuple[str | int, ...] | Evaluate | None) -> None:
        self.steps.append(step)
        self.seconds.append(second)

    def _add_names(self, names: list[str | int]) -> None:
        # A number is an index, or a status that stands as text: those are looked for one by one.
        plain = all(isinstance(name, str) and not name.isdigit() for name in names)
        self._add(_members(names), tuple(names) if plain else None)

    def _error(self) -> PathError:
        return PathError(f"the path {self.text!r} is not understood from {self.text[self.at :][:16]!r} on")

    def _takes(self, sign: str) -> bool:
        if self.text.startswith(sign, self.at):
            self.at += len(sign)
            return True
        return False

    def _step(self) -> None:
        if self._takes("~"):
            self.keys = True
            if self.at < len(self.text):
                raise self._error()
        elif self._takes("^"):
            self._add(_parents, None)
        elif self._takes(".."):
            self._add(_everywhere, None)
            if not self.text.startswith("[", self.at):
                self._named()
        elif self._takes("."):
            if not self.text.startswith("[", self.at):
                self._named()
        elif self._takes("["):
            self._bracket()
        else:
            raise self._error()

    def _named(self) -> None:
        if self._takes("*"):
            self._add(_children, None)
            return
        if self.text[self.at : self.at + 1] in {"'", '"'}:
            self._add_names([self._quoted()])
            return
        match = _NAME.match(self.text, self.at)
        if match is None:
            raise self._error()
        self.at = match.end()
        self._add_names([match[0]])

    def _quoted(self) -> str:
        quote, out = self.text[self.at], []
        self.at += 1
        while self.at < len(self.text) and self.text[self.at] != quote:
            if self.text[self.at] == "\\":
                self.at += 1
            out.append(self.text[self.at : self.at + 1])
            self.at += 1
        if not self._takes(quote):
            raise self._error()
        return "".join(out)

    def _bracket(self) -> None:
        self._blank()
        if self._takes("?"):
            self._condition()
            return
        if self._takes("*"):
            self._add(_children, None)
        elif match := _SLICE.match(self.text, self.at):
            self.at = match.end()
            self._add(_slice(*(int(part) if part else None for part in match.groups())), None)
        else:
            self._add_names(list(self._listed()))
        self._blank()
        if not self._takes("]"):
            raise self._error()

    def _listed(self) -> Iterator[str | int]:
        while True:
            self._blank()
            if self.text[self.at : self.at + 1] in {"'", '"'}:
                yield self._quoted()
            elif match := _INDEX.match(self.text, self.at):
                self.at = match.end()
                yield int(match[0])
            elif match := _NAME.match(self.text.replace(",", "]"), self.at):
                self.at = match.end()
                yield match[0]
            else:
                raise self._error()
            self._blank()
            if not self._takes(","):
                return

    def _blank(self) -> None:
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1

    def _condition(self) -> None:
        """A condition reaches to the bracket that closes it; those within it, in its texts and patterns, do not."""
        start, depth, at = self.at, 1, self.at
        while at < len(self.text) and depth:
            char = self.text[at]
            if char in "'\"":
                at = self._end_of_text(at)
            elif char == "/" and (match := _REGEX.match(self.text, at)):
                at = match.end() - 1
            elif char == "[":
                depth += 1
            elif char == "]":
                depth -= 1
            at += 1
        if depth:
            raise self._error()
        self.at = at
        evaluate = compile_condition(self.text[start : at - 1])
        self._add(_conditional(evaluate), evaluate)

    def _end_of_text(self, at: int) -> int:
        quote, at = self.text[at], at + 1
        while at < len(self.text) and self.text[at] != quote:
            at += 2 if self.text[at] == "\\" else 1
        return at


def children_of(place: Place) -> Iterator[Place]:
    """What stands in a place, in the order of the document."""
    value = place.value
    if isinstance(value, dict):
        for key, child in value.items():
            yield Place(child, key, place, place.root)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield Place(child, index, place, place.root)


def _parents(places: Iterable[Place], _follow: Follow) -> Iterator[Place]:
    for place in places:
        if place.parent is not None:
            yield place.parent


def _children(places: Iterable[Place], follow: Follow) -> Iterator[Place]:
    for place in places:
        yield from children_of(follow(place))


def _everywhere(places: Iterable[Place], _follow: Follow) -> Iterator[Place]:
    for place in places:
        waiting = [place]
        while waiting:
            one = waiting.pop()
            yield one
            if isinstance(one.value, dict | list):
                waiting.extend(reversed(list(children_of(one))))


def _members(names: list[Any]) -> Step:
    def step(places: Iterable[Place], follow: Follow) -> Iterator[Place]:
        for place in places:
            holder = follow(place)
            for name in names:
                found = _member(holder, name)
                if found is not None:
                    yield found

    return step


def _member(holder: Place, name: str | int) -> Place | None:
    value = holder.value
    if isinstance(value, dict) and isinstance(name, str) and name in value:
        return Place(value[name], name, holder, holder.root)
    # A status such as 200 may stand as a number, in the path and in the document.
    if isinstance(value, dict):
        key = next((key for key in value if str(key) == str(name)), None)
        return None if key is None else Place(value[key], key, holder, holder.root)
    if isinstance(value, list) and str(name).lstrip("-").isdigit():
        index = int(name)
        index += len(value) if index < 0 else 0
        return Place(value[index], index, holder, holder.root) if 0 <= index < len(value) else None
    return None


def _slice(start: int | None, stop: int | None, by: int | None) -> Step:
    def step(places: Iterable[Place], follow: Follow) -> Iterator[Place]:
        for place in places:
            holder = follow(place)
            if isinstance(holder.value, list):
                yield from list(children_of(holder))[slice(start, stop, by or 1)]

    return step


def _conditional(evaluate: Evaluate) -> Step:
    def step(places: Iterable[Place], follow: Follow) -> Iterator[Place]:
        for place in places:
            yield from _holding(evaluate, children_of(follow(place)))

    return step


def _holding(evaluate: Evaluate, places: Iterable[Place]) -> Iterator[Place]:
    for place in places:
        try:
            holds = truth(evaluate(place))
        except (TypeError, PatternError):
            holds = False
        if holds:
            yield place

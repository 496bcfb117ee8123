"""Which profiles a profile inherits, and whether that ever ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from yett.model.access import Profile
    from yett.model.diagnostic import Diagnostic
    from yett.model.place import Reference

DEEPEST: Final = 32
"""Longest line of profiles that inherit one another, as in the engine: more cannot be told to anybody."""


def check_inheritance(profiles: Iterable[Profile]) -> Iterator[Diagnostic]:
    """Profiles that inherit one another in a circle, and lines that are too long."""
    by_name = {one.name: one for one in profiles}
    walk = _Walk(by_name)
    for name in by_name:
        yield from walk.up_from(name)


def lines_of(name: str, profiles: Mapping[str, Profile]) -> dict[str, tuple[str, ...]]:
    """A profile and those it inherits, nearest first, each with the shortest line of names that leads to it.

    Names of nothing are left out; a circle is walked once.
    """
    lines: dict[str, tuple[str, ...]] = {name: (name,)} if name in profiles else {}
    waiting = list(lines)
    for current in waiting:
        for parent in profiles[current].inherits:
            if parent.name in profiles and parent.name not in lines:
                lines[parent.name] = (*lines[current], parent.name)
                waiting.append(parent.name)
    return lines


class _Walk:
    """A walk up from profile to profile, without recursion: a line may be as long as a file."""

    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        self._profiles = profiles
        self._depth: dict[str, int] = {}

    def up_from(self, start: str) -> Iterator[Diagnostic]:
        if start in self._depth:
            return
        path: dict[str, Iterator[Reference]] = {start: self._parents(start)}
        while path:
            name = next(reversed(path))
            parent = next(path[name], None)
            if parent is None:
                del path[name]
                yield from self._leave(name)
            elif parent.name in path:
                yield _circle(list(path), parent)
            elif parent.name in self._profiles and parent.name not in self._depth:
                path[parent.name] = self._parents(parent.name)

    def _parents(self, name: str) -> Iterator[Reference]:
        return iter(self._profiles[name].inherits)

    def _leave(self, name: str) -> Iterator[Diagnostic]:
        above = max((self._depth.get(one.name, 0) for one in self._profiles[name].inherits), default=0)
        self._depth[name] = above + 1
        if above == DEEPEST:
            message = f"`{name}` is the end of a line of more than {DEEPEST} profiles that inherit one another"
            hint = "let it inherit from nearer to the beginning of the line"
            yield self._profiles[name].place.diagnostic("inheritance-too-deep", message, hint=hint)


def _circle(path: list[str], again: Reference) -> Diagnostic:
    names = [*path[path.index(again.name) :], again.name]
    message = "profiles inherit one another in a circle: " + " inherits ".join(f"`{name}`" for name in names)
    return again.place.diagnostic("profile-cycle", message, hint="take one of these out of `inherits`")

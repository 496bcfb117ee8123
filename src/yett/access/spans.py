"""When somebody may do something: effective access from a moment on, as windows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from yett.access.principals import ANYONE, callers, without_credential
from yett.model.access import ALWAYS, Window

if TYPE_CHECKING:
    from yett.access.effective import Access, Way
    from yett.access.principals import Principal
    from yett.model.configuration import Configuration

CONSOLE: Final = "console "
"""Stands before a console right where operations are named too: an API may be called as a right's resource is."""

Picture = Mapping[str, Mapping[str, tuple[Window, ...]]]
"""By principal, and by what they may call or do: when. Windows that have begun say no `since`."""


def picture(configuration: Configuration, access: Access, public: Collection[str], now: int) -> Picture:
    """What everybody may call and do in the console, now and later; anyone, what is `public` or given to anonymous."""
    everyone = {str(one): windows(access, one, now) for one in callers(configuration)}
    unnamed = without_credential(configuration).values()
    given = {name: when for one in unnamed for name, when in windows(access, one, now).items()}
    forbidden = {name for one in unnamed for name, verdict in access.at(one, now).items() if verdict.forbidden}
    open_to_all = [name for name in public if name not in forbidden]
    return {ANYONE: {**given, **dict.fromkeys(open_to_all, (ALWAYS,))}, **everyone}


def windows(access: Access, principal: Principal, now: int) -> dict[str, tuple[Window, ...]]:
    """When somebody may call each operation and has each right, from `now` on."""
    found: dict[str, list[Window]] = {}
    moments = access.moments(principal, now)
    for start, end in zip(moments, (*moments[1:], None), strict=True):
        allowed = [name for name, verdict in access.at(principal, start).items() if verdict.allowed]
        rights = [f"{CONSOLE}{right}" for right in access.rights(principal, start)]
        for name in (*allowed, *rights):
            _extend(found.setdefault(name, []), Window(None if start == now else start, end))
    return {name: tuple(spans) for name, spans in found.items()}


def _extend(spans: list[Window], span: Window) -> None:
    """Add a span, which goes on where the last one ends, or stands alone."""
    if spans and spans[-1].until == span.since and span.since is not None:
        span = Window(spans.pop().since, span.until)
    spans.append(span)


@dataclass(frozen=True, slots=True)
class Change:
    """Something that somebody gains or loses, when, and through what.

    What is `conditioned` stays theirs, but other policies than before may refuse it for what a request says.
    """

    principal: str
    what: str
    change: Literal["gained", "lost", "conditioned"]
    window: Window
    through: tuple[str, ...] = ()


def changes(before: Picture, after: Picture) -> list[Change]:
    """The differences between two pictures of the same moment, in the order of the principals."""
    found = []
    for principal in {**before, **after}:
        old, new = before.get(principal, {}), after.get(principal, {})
        for what in {**old, **new}:
            had, has = old.get(what, ()), new.get(what, ())
            found += [Change(principal, what, "gained", one) for one in _without(has, had)]
            found += [Change(principal, what, "lost", one) for one in _without(had, has)]
    return found


def _without(spans: tuple[Window, ...], others: tuple[Window, ...]) -> list[Window]:
    """The parts of `spans` in which none of `others` holds."""
    if spans == others:
        return []
    edges = sorted({edge for one in (*spans, *others) for edge in (one.since, one.until) if edge is not None})
    left: list[Window] = []
    for start, end in zip((None, *edges), (*edges, None), strict=True):
        inside = start if start is not None else -1
        if any(one.holds(inside) for one in spans) and not any(one.holds(inside) for one in others):
            _extend(left, Window(start, end))
    return left


def ways_to(access: Access, principal: Principal, what: str, window: Window, now: int) -> tuple[Way, ...]:
    """The ways by which somebody has something at the beginning of a window."""
    moment = now if window.since is None else window.since
    if what.startswith(CONSOLE):
        return access.rights(principal, moment).get(what.removeprefix(CONSOLE), ())
    verdict = access.at(principal, moment).get(what)
    return verdict.grants if verdict else ()


def ways_against(access: Access, principal: Principal, what: str, window: Window, now: int) -> tuple[Way, ...]:
    """The ways by which somebody is denied something at the beginning of a window."""
    verdict = access.at(principal, now if window.since is None else window.since).get(what)
    return verdict.denies if verdict else ()

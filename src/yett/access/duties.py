"""Separation of duties: what must lie in different hands, held against what everybody really may do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from yett.access.moments import written
from yett.access.principals import callers

if TYPE_CHECKING:
    from yett.access.effective import Access, Resolve, Way
    from yett.access.principals import Principal
    from yett.model.access import Duty
    from yett.model.configuration import Configuration
    from yett.model.diagnostic import Diagnostic


def broken_duties(configuration: Configuration, access: Access, resolve: Resolve, *, now: int) -> Iterator[Diagnostic]:
    """Every app, key and user that has, now or later, something from two sets of a duty."""
    if not configuration.duties:
        return
    duties = [(duty, _names_of(duty, resolve)) for duty in configuration.duties]
    for principal in callers(configuration):
        moments = access.moments(principal, now)
        for duty, sets in duties:
            yield from _broken(principal, duty, sets, access, moments)


def _names_of(duty: Duty, resolve: Resolve) -> list[list[str]]:
    if duty.kind == "operations":
        return [resolve(names) for names in duty.sets]
    return [[name.name for name in names] for names in duty.sets]


def _broken(
    principal: Principal, duty: Duty, sets: Sequence[Sequence[str]], access: Access, moments: Sequence[int]
) -> Iterator[Diagnostic]:
    """The first moment at which the duty is broken is told, and no later one."""
    for moment in moments:
        held = _held(principal, duty, access, moment)
        touched = [[(name, held[name]) for name in names if name in held] for names in sets]
        pair = next(((one, other) for one, other in combinations(touched, 2) if one and other), None)
        if pair is None:
            continue
        when = "" if moment == moments[0] else f" from {written(moment)} on"
        (one, one_ways), (other, other_ways) = pair[0][0], pair[1][0]
        message = (
            f"{principal.kind} `{principal.name}` has both `{one}` and `{other}`{when}, which `{duty.name}` forbids"
        )
        hint = f"`{one}` through {one_ways[0]}; `{other}` through {other_ways[0]}; the duty stands at {duty.place}"
        yield principal.place.diagnostic("duty-broken", message, hint=hint)
        return


def _held(principal: Principal, duty: Duty, access: Access, moment: int) -> Mapping[str, Sequence[Way]]:
    if duty.kind == "rights":
        return access.rights(principal, moment)
    return {name: verdict.grants for name, verdict in access.at(principal, moment).items() if verdict.allowed}

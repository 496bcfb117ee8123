"""What is written about access and contradicts itself, or comes to nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from yett.access.duties import broken_duties
from yett.access.effective import Access, Resolve
from yett.access.moments import written

if TYPE_CHECKING:
    from yett.model.access import Assignment, Profile, Window
    from yett.model.configuration import Configuration
    from yett.model.diagnostic import Diagnostic
    from yett.model.place import Place


def check_access(configuration: Configuration, resolve: Resolve, *, now: int) -> Iterator[Diagnostic]:
    """Contradictions, what has passed by the Unix second `now`, and duties that are not kept apart."""
    access = Access(configuration, resolve)
    for profile in configuration.profiles:
        yield from _contradictions(profile, access)
        for grant in profile.grants:
            yield from _passed(f"the grant of {grant.reach}", grant.window, grant.reach.place, now)
    given = [one.profiles for one in configuration.teams]
    given += [one.profiles for one in configuration.users]
    given += [one.profiles for one in configuration.apps]
    for assignments in given:
        yield from _ended(assignments, now)
    yield from broken_duties(configuration, access, resolve, now=now)


def _contradictions(profile: Profile, access: Access) -> Iterator[Diagnostic]:
    denied = {operation for one in profile.denies for operation in access.operations_of(one)}
    for grant in profile.grants if profile.denies else ():
        reach = grant.reach
        same = next((one for one in profile.denies if (one.kind, one.name) == (reach.kind, reach.name)), None)
        if same is not None:
            message = f"the profile `{profile.name}` grants and denies {reach}"
            hint = f"take one of them away: the deny at {same.place} wins"
            yield reach.place.diagnostic("grant-contradicted", message, hint=hint)
        elif (operations := access.operations_of(reach)) and denied.issuperset(operations):
            message = f"this grant has no effect: the profile `{profile.name}` denies all of {reach}"
            hint = "take the grant away, or deny less"
            yield reach.place.diagnostic("grant-denied", message, hint=hint, severity="warning")


def _ended(assignments: Iterable[Assignment], now: int) -> Iterator[Diagnostic]:
    for one in assignments:
        yield from _passed(f"the profile `{one.name}`", one.window, one.place, now)


def _passed(what: str, window: Window, place: Place, now: int) -> Iterator[Diagnostic]:
    if window.until is not None and window.until <= now:
        message = f"{what} ended on {written(window.until)} and gives nothing any more"
        yield place.diagnostic("grant-ended", message, hint="remove it, or renew it", severity="warning")

"""Which keys nobody uses, which have grown old, and which end soon."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from yett.errors import ConfigurationError
from yett.services.assembly import Assembly, assemble
from yett.services.keys_file import filed_keys
from yett.store import Database, KeptKey, KeyStore, KeyUse

DAY_S: Final = 86_400
REMARKS: Final = ("blocked", "expired", "expiring", "ageing", "unused")


@dataclass(frozen=True, slots=True)
class ReportedKey:
    """A key that somebody should look at, and why (`REMARKS`). Times are Unix seconds, `None` where not known.

    `used_at` is `None` for a key that no gateway has seen in use.
    """

    id: str
    app: str
    team: str
    remarks: tuple[str, ...]
    made_at: int | None
    used_at: int | None
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class KeyReport:
    """The keys to look at, by team and app, among `total`."""

    total: int
    keys: tuple[ReportedKey, ...]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Days: without use, since a key was made, and until it expires."""

    unused: int = 90
    ageing: int = 365
    expiring: int = 30


@dataclass(frozen=True, slots=True)
class _Known:
    now: int
    thresholds: Thresholds
    teams: Mapping[str, str]
    uses: Mapping[str, KeyUse]
    blocked: frozenset[str]


def report_keys(
    path: str,
    environment: Mapping[str, str],
    thresholds: Thresholds,
    *,
    everything: bool = False,
    clock: Callable[[], float] = time.time,
) -> KeyReport:
    """The keys of the configuration at `path` and of its file of keys that have a remark, or all of them.

    Raises `ConfigurationError` and `YettError`.
    """
    assembly = assemble(path, environment, need_secrets=False)
    if not assembly.sound:
        raise ConfigurationError(assembly.diagnostics)
    uses, blocked = _remembered(assembly)
    teams = {one.name: one.team.name for one in assembly.configuration.apps}
    known = _Known(int(clock()), thresholds, teams, uses, blocked)
    total, reported = 0, []
    for key in _all(assembly):
        total += 1
        one = _looked_at(key, known)
        if one.remarks or everything:
            reported.append(one)
    return KeyReport(total, tuple(sorted(reported, key=lambda one: (one.team, one.app, one.id))))


def _all(assembly: Assembly) -> Iterator[KeptKey]:
    seen = set()
    for one in assembly.credentials.items:
        seen.add(one.id)
        yield KeptKey(one.id, one.app, one.prefix, one.hash, one.profiles, one.made_at, one.expires_at)
    for filed in filed_keys(assembly.configuration.gateway.keys_file):
        if filed.id not in seen:
            yield KeptKey(
                filed.id, filed.app, filed.prefix, filed.hash, filed.profiles, filed.made_at, filed.expires_at
            )


def _remembered(assembly: Assembly) -> tuple[dict[str, KeyUse], frozenset[str]]:
    if not Path(assembly.store).exists():
        return {}, frozenset()
    database = Database.open(Path(assembly.store))
    try:
        store = KeyStore(database)
        return store.uses(), frozenset(one.id for one in store.blocked() if one.because != "released")
    finally:
        database.close()


def _looked_at(key: KeptKey, known: _Known) -> ReportedKey:
    use = known.uses.get(key.id)
    return ReportedKey(
        id=key.id,
        app=key.app,
        team=known.teams.get(key.app, ""),
        remarks=tuple(_remarks(key, use, known)),
        made_at=key.made_at,
        used_at=None if use is None else use.last_at,
        expires_at=key.expires_at,
    )


def _remarks(key: KeptKey, use: KeyUse | None, known: _Known) -> Iterator[str]:
    now, days = known.now, known.thresholds
    if key.id in known.blocked:
        yield "blocked"
    if key.expires_at is not None and key.expires_at <= now:
        yield "expired"
        return
    if key.expires_at is not None and key.expires_at <= now + days.expiring * DAY_S:
        yield "expiring"
    if key.made_at is not None and key.made_at <= now - days.ageing * DAY_S:
        yield "ageing"
    # A key that was made a moment ago has had no time to be used.
    begins = max(use.last_at if use else 0, key.made_at or 0)
    if begins <= now - days.unused * DAY_S:
        yield "unused"

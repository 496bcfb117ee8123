"""Keys and controls while a gateway runs: changes are told to it at once, and what it notices is remembered.

Whoever changes a key writes to the store, and nothing else: the gateway asks the store whether it has changed and takes
up what it has not heard of. There is no port or socket that could be misused.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol

from yett.access.keys import mask_keys
from yett.errors import SnapshotRefusedError, StoreError, YettError
from yett.model.stolen import Finding
from yett.services.controls import control_change
from yett.services.patches import Patches
from yett.store import BlockedKey, ControlStore, Database, FindingStore, KeptKey, KeyStore
from yett.store.keys import RELEASED

GLANCE_S: Final = 0.025
"""How often it is looked whether the store has changed."""
FLUSH_EVERY_S: Final = 60.0
_SWEEP_EVERY_S: Final = 3600.0
_MOST_FINDINGS: Final = 100
_MOST_TOLD: Final = 1_000
_GLANCES_A_LOOK: Final = 4
_MOST_USES: Final = 200_000
_REMEMBERED_S: Final = 400 * 86_400
_EXPIRED_KEPT_S: Final = 30 * 86_400


class Noticing(Protocol):
    """What a gateway tells of credentials."""

    def findings(self, most: int) -> Sequence[Finding]:
        """Up to `most` findings that are news."""

    def used_keys(self, since: int, most: int) -> Sequence[tuple[str, int]]:
        """The keys used since a Unix minute, each with the minute."""


class KeyDesk:
    """Between the store and one gateway.

    Once started, a thread of its own keeps the two in step: however long a reload takes, a key is revoked at once.
    """

    def __init__(self, path: str, patches: Patches, gateway: Noticing, clock: Callable[[], float] = time.time) -> None:
        self._path, self._patches, self._gateway, self._clock = path, patches, gateway, clock
        self._database: Database | None = None
        self._version = 0
        self._heard_kept = self._heard_blocked = self._heard_controls = 0
        self._flushed_minute = 0
        self._flushed, self._swept = 0.0, 0.0
        self._counts: dict[str, int] = {}
        self._behind, self._complaint = False, ""
        self._told: deque[Finding | str] = deque(maxlen=_MOST_TOLD)
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Keep in step from now on, in a store that is made where there is none.

        Where none can be made, as in a folder that cannot be written, nothing is remembered until there is one.
        """
        with suppress(StoreError):
            self._take(Database.open(Path(self._path)))
        self._thread = threading.Thread(target=self._keep_in_step, name="yett-keys", daemon=True)
        self._thread.start()

    def _keep_in_step(self) -> None:
        turn = 0
        while not self._ending.wait(GLANCE_S):
            turn += 1
            try:
                self.glance()
                if turn % _GLANCES_A_LOOK == 0:
                    self._told.extend(self.news())
                    self.tend()
            except YettError as error:
                self._complain(str(error))
            except Exception as error:
                # Whatever it is, the next revocation must not be missed for it.
                self._complain(mask_keys(f"{type(error).__name__}: {error}"))

    def _complain(self, message: str) -> None:
        if message not in self._told and message != self._complaint:
            self._told.append(message)
        self._complaint = message

    def told(self) -> Iterator[Finding | str]:
        """What is to be told: findings, and what went wrong. Each once."""
        with suppress(IndexError):
            while True:
                yield self._told.popleft()

    def open(self) -> None:
        """Open the store, if there is one.

        Raises `StoreError` when it cannot be read: it may say that a key is blocked.
        """
        if self._database is None and Path(self._path).exists():
            self._take(Database.open(Path(self._path)))

    def _take(self, database: Database) -> None:
        if self._database is not None:
            database.close()
            return
        self._keys, self._findings = KeyStore(database), FindingStore(database)
        self._controls = ControlStore(database)
        # What was there before the first look is a change like any other.
        self._behind, self._database = True, database

    @property
    def is_open(self) -> bool:
        """Whether anything is remembered."""
        return self._database is not None

    def recall(self) -> None:
        """Tell the gateway of every change it has not heard of: before it serves, and later. Raises `YettError`."""
        if self._database is None:
            return
        # Each to its own number: what is written between the two looks has a higher one than what is read first.
        kept, blocked = self._keys.kept(since=self._heard_kept), self._keys.blocked(since=self._heard_blocked)
        self._recall_controls()
        # First what takes away, and on its own: nothing that goes wrong with a new key may delay it.
        self._patches.send_all(map(block_key, blocked))
        self._heard_blocked = max([self._heard_blocked, *(one.number for one in blocked)])
        for one in kept:
            # One whose app is not in the configuration in force opens nothing; the next snapshot may have it.
            with suppress(SnapshotRefusedError):
                self._patches.send([put_key(one)])
            self._heard_kept = one.number

    def _recall_controls(self) -> None:
        for one in self._controls.changed(since=self._heard_controls):
            # One that is refused, such as the one too many, must not keep the next from being taken up.
            if one.ended_at is not None or one.is_in_force(int(self._clock())):
                with suppress(SnapshotRefusedError):
                    self._patches.send([control_change(one)])
            self._heard_controls = one.number

    def glance(self) -> None:
        """Take up what has changed in the store, if anything has. Raises `YettError`."""
        self.open()
        if self._database is None:
            return
        version = self._database.version()
        if self._behind or version != self._version:
            # What goes wrong is tried again, and a change that comes meanwhile is seen the next time.
            self._version, self._behind = version, True
            self.recall()
            self._behind = False

    def news(self) -> Sequence[Finding]:
        """The findings that are news, remembered. A leaked key stays blocked when the process has ended."""
        found = self._gateway.findings(_MOST_FINDINGS)
        if found and self._database is not None:
            with suppress(StoreError):
                self._remember(found, self._keys, self._findings)
        return found

    def _remember(self, found: Sequence[Finding], keys: KeyStore, findings: FindingStore) -> None:
        for one in found:
            if one.kind == "leaked-key":
                keys.block(one.subject, "leaked", note=dict(one.evidence).get("place", ""), now=one.last_seen)
        findings.note([(one, one.count - self._counts.get(one.id, 0)) for one in found])
        self._counts.update((one.id, one.count) for one in found)

    def tend(self) -> None:
        """Note which keys were used, and forget what is long past; now and then. Raises `StoreError`."""
        now = self._clock()
        if self._database is not None and now - self._flushed >= FLUSH_EVERY_S:
            self.flush()
        if self._database is not None and now - self._swept >= _SWEEP_EVERY_S:
            self._swept = now
            self._keys.sweep(before=int(now) - _EXPIRED_KEPT_S)
            self._findings.sweep(before=int(now) - _REMEMBERED_S)
            self._controls.sweep(before=int(now) - _REMEMBERED_S)

    def flush(self) -> None:
        """Note which keys were used since the last time. Raises `StoreError`."""
        if self._database is None:
            return
        self._flushed = self._clock()
        used = self._gateway.used_keys(self._flushed_minute, _MOST_USES)
        if used:
            self._keys.note_uses((key, minute * 60) for key, minute in used)
        # The minute that has begun may go on: it is asked for again.
        self._flushed_minute = max([self._flushed_minute, *(minute for _, minute in used)])

    def stop(self) -> None:
        """Note the last uses, and end."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._database is not None:
            with suppress(StoreError):
                self.flush()
            self._database.close()
            self._database = None


def put_key(key: KeptKey) -> dict[str, Any]:
    """The change that puts a key."""
    credential: dict[str, Any] = {"id": key.id, "app": key.app, "prefix": key.prefix, "hash": key.hash}
    if key.expires_at is not None:
        credential["expires_at"] = key.expires_at
    if key.profiles is not None:
        credential["profiles"] = list(key.profiles)
    return {"change": "put-credential", "credential": credential}


def block_key(key: BlockedKey) -> dict[str, Any]:
    """The change that blocks a key, or releases it."""
    if key.because == RELEASED:
        return {"change": "release-credential", "id": key.id}
    return {"change": "block-credential", "id": key.id, "because": key.because}

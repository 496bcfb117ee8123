"""The token endpoint while a gateway runs: its server, its memory, and the way of a revocation to the gateway."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from yett.services.patches import Patches, revoke_token
from yett.services.token_apis import Door
from yett.store import Database, RevokedToken, TokenStore
from yett.tokens.endpoint import Endpoint
from yett.tokens.keys import read_known_keys
from yett.tokens.settings import Ports, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from yett.tokens.keys import PublicKey

SWEEP_EVERY_S: Final = 600.0
_KEPT_LONGER_S: Final = 3600
"""Revoked tokens are remembered beyond their end: whoever verifies them may grant their clocks some leeway."""


class KeyKeeper(Protocol):
    """Who fetches the keys of others, through the one guarded door, and keeps them."""

    def key_set(self, issuer: str, kid: str | None, /) -> bytes | None:
        """The JWK set of an issuer, looked for anew where it has no key of this name; `None` where there is none."""


class FetchedKeySets:
    """Key sets of others, read once for as long as they stay the same."""

    def __init__(self, keeper: KeyKeeper) -> None:
        self._keeper = keeper
        self._read: dict[str, tuple[bytes, tuple[PublicKey, ...]]] = {}

    def keys(self, source: str, kid: str | None) -> tuple[PublicKey, ...]:
        """The keys of a source; none where they were never reached, or are of no kind that is known here."""
        text = self._keeper.key_set(source, kid)
        if text is None:
            self._read.pop(source, None)
            return ()
        known = self._read.get(source)
        if known is None or known[0] != text:
            known = (text, read_known_keys(text))
            self._read[source] = known
        return known[1]


class TokenDesk:
    """Serves tokens from the first settings on; later ones are swapped in, and the port stays."""

    def __init__(self, path: str, patches: Patches, keeper: KeyKeeper, clock: Callable[[], float] = time.time) -> None:
        self._path, self._patches, self._clock = Path(path), patches, clock
        self._fetched = FetchedKeySets(keeper)
        self._store: TokenStore | None = None
        self.door: Door | None = None
        self._swept = 0.0
        self._recalled = False

    def open(self, settings: Settings) -> None:
        """Listen behind `door`, if that is not done already. Raises `StoreError` and `ListenError`."""
        if self._store is not None:
            return
        # Only where there is an endpoint is its server worth loading.
        from yett.tokens.server import Server

        database = Database.open(self._path)
        store, word = TokenStore(database), secrets.token_hex(32)
        self._endpoint, self._settings = Endpoint(settings, Ports(store, self, self._fetched), word), settings
        self._server = Server(self._endpoint)
        self.door = Door(self._server.start(), word)
        self._database, self._store = database, store

    def take_up(self, settings: Settings) -> bool:
        """Answer with `settings` from now on; whether they differ from those before."""
        changed = settings != self._settings
        self._endpoint.take_up(settings)
        self._settings = settings
        return changed

    def recall(self) -> None:
        """Tell the gateway once of every revocation that still matters: before it serves. Raises `YettError`."""
        if self._store is not None and not self._recalled:
            revoked = self._store.revoked(now=int(self._clock()) - _KEPT_LONGER_S)
            self._patches.send_all(revoke_token(one.issuer, one.jti, one.expires_at) for one in revoked)
            self._recalled = True

    def revoke(self, issuer: str, jti: str, *, expires_at: int, client: str) -> None:
        """Revoke a token, for good: first remembered, then told to the gateway. Raises `YettError`."""
        if self._store is not None:
            self._store.revoke(RevokedToken(issuer, jti, expires_at, client), now=int(self._clock()))
            self._patches.send([revoke_token(issuer, jti, expires_at)])

    def tend(self) -> None:
        """Forget what has lapsed, now and then. Raises `StoreError`."""
        now = self._clock()
        if self._store is not None and now - self._swept > SWEEP_EVERY_S:
            self._swept = now
            self._store.sweep(now=int(now) - _KEPT_LONGER_S)

    def stop(self) -> None:
        """Answer what has been asked, and end."""
        if self._store is not None:
            self._server.stop()
            self._database.close()
            self._store = None

"""Failures make the next try wait: longer each time, for the source they came from and for the client they were for.

A guesser must not be able to lock a client out. Where a client has proven itself from a source, the failures of others
do not delay it there.
"""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

FREE_FOR_SOURCE: Final = 5
"""Failures of one source before it has to wait."""
FREE_FOR_CLIENT: Final = 10
"""Failures for one client before those who try it have to wait."""
LONGEST_FOR_SOURCE_S: Final = 300.0
LONGEST_FOR_CLIENT_S: Final = 10.0
"""Short: secrets cannot be guessed by trying, and a client must not be kept out by others for long."""
FORGOTTEN_AFTER_S: Final = 900.0
MOST_REMEMBERED: Final = 10_000

_Key = tuple[str, str]


@dataclass(slots=True)
class _Failures:
    count: int
    latest: float
    until: float


class Delays:
    """Counts failures. Bounded: of too many sources those that failed longest ago are forgotten first."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._failures: OrderedDict[_Key, _Failures] = OrderedDict()
        self._proven: OrderedDict[_Key, None] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, client: str, source: str, now: float) -> float:
        """Seconds until `source` may try `client` again; 0 for at once. `now` is of a clock that never goes back."""
        source = network_of(source)
        with self._lock:
            known = (client, source) in self._proven
            keys = [("source", source)] if known else [("source", source), ("client", client)]
            return max((self._until(key, now) - now for key in keys), default=0.0)

    def failed(self, client: str | None, source: str, now: float) -> None:
        """Note that `source` did not prove to be `client`; `None` where it did not even say who it is."""
        source = network_of(source)
        with self._lock:
            self._note(("source", source), FREE_FOR_SOURCE, LONGEST_FOR_SOURCE_S, now)
            if client is not None:
                self._note(("client", client), FREE_FOR_CLIENT, LONGEST_FOR_CLIENT_S, now)

    def proven(self, client: str, source: str) -> None:
        """Note that `source` has proven to be `client`: its slate is clean."""
        source = network_of(source)
        with self._lock:
            self._failures.pop(("source", source), None)
            self._proven[(client, source)] = None
            self._proven.move_to_end((client, source))
            _shorten(self._proven, self._most)

    def _until(self, key: _Key, now: float) -> float:
        found = self._failures.get(key)
        return now if found is None else max(found.until, now)

    def _note(self, key: _Key, free: int, longest: float, now: float) -> None:
        before = self._failures.get(key)
        forgotten = before is None or now - before.latest > FORGOTTEN_AFTER_S
        count = 1 if before is None or forgotten else before.count + 1
        # 1, 2, 4, ... seconds; the exponent is bounded before the power is taken.
        delay = 0.0 if count < free else min(2.0 ** min(count - free, 16), longest)
        self._failures[key] = _Failures(count, now, now + delay)
        self._failures.move_to_end(key)
        _shorten(self._failures, self._most)


def _shorten(entries: OrderedDict[_Key, _Failures] | OrderedDict[_Key, None], most: int) -> None:
    while len(entries) > most:
        entries.popitem(last=False)


def network_of(source: str) -> str:
    """An address as it counts: of IPv6 the network of 64 bits, since whoever has one address there has them all."""
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return source
    if address.version == 4:
        return str(address)
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped) if mapped else str(ipaddress.ip_network((address, 64), strict=False))

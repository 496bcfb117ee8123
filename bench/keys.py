"""A million keys: how long they take to load, how much they weigh, what a look-up costs, how fast one is revoked.

`python -m bench.keys [COUNT]`. One worker on one core, asked over one kept connection; the same requests are made
with a single key and with all of them, in turns.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import random
import statistics
import sys
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from bench.processor import resident_mib
from yett.access.keys import ALPHABET, checksum, pepper_id
from yett.gateway import EmbeddedGateway, GatewayOptions
from yett.services.key_desk import KeyDesk
from yett.services.keys_file import FiledKey, head_line, key_line
from yett.services.patches import Patches
from yett.store import Database, KeyStore

PEPPER: Final = b"p" * 32
LOAD_S, LOAD_MIB, REVOKE_S = 10.0, 400.0, 0.1
ROUNDS, CALLS = 7, 2_000


def key_text(number: int) -> str:
    """The key of this number: not secret, but of the right form."""
    drawn = random.Random(number)
    body = "yett_live_" + "".join(drawn.choices(ALPHABET, k=40))
    return f"{body}_{checksum(body)}"


def write_keys(path: Path, count: int) -> None:
    """A file with so many keys of a hundred apps."""
    with path.open("w", encoding="utf-8") as file:
        file.write(head_line(pepper_id(PEPPER)) + "\n")
        for number in range(count):
            text = key_text(number)
            digest = hmac.digest(PEPPER, text.encode(), hashlib.sha256).hex()
            file.write(key_line(FiledKey(f"key-{number}", f"app-{number % 100}", text[:18], digest)) + "\n")


def snapshot() -> bytes:
    """An API with one operation that every app may call, and that nobody answers."""
    operation = {"id": "a:get", "method": "GET", "path": "/x"}
    api = {
        "name": "a", "version": "1", "base_path": "/", "operations": [operation],
        "upstream": {"targets": [{"url": "http://127.0.0.1:9", "weight": 1}]},
        "identify": {"api_key": {"header": "x-api-key"}},
    }  # fmt: skip
    apps = [{"name": f"app-{number}", "team": "t"} for number in range(100)]
    return json.dumps({"format": 1, "pepper_id": pepper_id(PEPPER), "apis": [api], "apps": apps}).encode()


class Caller:
    """Calls over one kept connection; every key is proven, then refused for want of a profile."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)

    def status(self, key: str) -> int:
        """The status of one call."""
        self._connection.request("GET", "/x", headers={"x-api-key": key})
        answer = self._connection.getresponse()
        answer.read()
        return answer.status

    def microseconds(self, keys: list[str]) -> float:
        """The middle time of a call over these keys."""
        took = []
        for key in keys:
            began = time.perf_counter()
            status = self.status(key)
            took.append(time.perf_counter() - began)
            if status != 403:
                raise SystemExit(f"a good key was answered with {status}")
        return statistics.median(took) * 1e6


def revoke(gateway: EmbeddedGateway, caller: Caller, folder: Path, count: int) -> list[float]:
    """Several times from the write into the store to the first refusal, in seconds."""
    store = folder / "store.db"
    patches = Patches(gateway)
    desk = KeyDesk(str(store), patches, gateway)
    desk.start()
    keys, took = KeyStore(Database.open(store)), []
    for number in random.sample(range(count), min(20, count)):
        text = key_text(number)
        began = time.perf_counter()
        keys.block(f"key-{number}", "revoked", now=int(time.time()))
        while caller.status(text) != 401:
            pass
        took.append(time.perf_counter() - began)
    desk.stop()
    return took


def main(count: int) -> int:
    """Measure and print; 1 where a target is missed."""
    with tempfile.TemporaryDirectory(prefix="yett-keys-") as folder:
        return measure(Path(folder), count)


def measure(folder: Path, count: int) -> int:
    """Measure in a folder that is thrown away."""
    few, many = folder / "few.jsonl", folder / "many.jsonl"
    write_keys(few, 1)
    write_keys(many, count)
    failures = {"mode": "off"}
    plan = json.loads(snapshot()) | {"failures": failures}
    options = GatewayOptions("127.0.0.1:0", PEPPER, workers=1, access_log=None)
    gateway = EmbeddedGateway(options)
    gateway.apply(json.dumps(plan).encode())
    port = int(gateway.start().listen[0].rpartition(":")[2])
    before = resident_mib(os.getpid())
    began = time.perf_counter()
    loaded = gateway.load_keys(str(many))
    load_s = time.perf_counter() - began
    resident = resident_mib(os.getpid())
    caller = Caller(port)
    singles, millions = [], []
    for turn in range(ROUNDS):
        gateway.load_keys(str(few))
        singles.append(caller.microseconds([key_text(0)] * CALLS))
        gateway.load_keys(str(many))
        drawn = random.Random(turn).sample(range(count), min(CALLS, count))
        millions.append(caller.microseconds([key_text(number) for number in drawn]))
    revoked = revoke(gateway, caller, folder, count)
    gateway.stop(1)
    single, all_of_them = statistics.median(singles), statistics.median(millions)
    print(f"keys                       {loaded.keys:>12,}")
    print(f"load                       {load_s:>12.2f} s     (at most {LOAD_S:g})")
    print(f"process before / after     {before:>6.0f} / {resident:.0f} MiB  (at most {LOAD_MIB:g} for all)")
    print(f"a call with one key        {single:>12.1f} us    ({min(singles):.1f} to {max(singles):.1f})")
    print(f"a call with all of them    {all_of_them:>12.1f} us    ({min(millions):.1f} to {max(millions):.1f})")
    middle, longest = statistics.median(revoked), max(revoked)
    bound = f"(longest {longest * 1000:.1f}, at most {REVOKE_S * 1000:g})"
    print(f"revocation                 {middle * 1000:>12.1f} ms    {bound}")
    return int(load_s > LOAD_S or resident > LOAD_MIB or longest > REVOKE_S)


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))

"""Guessed, leaked, revoked and rotated keys, against a running gateway."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import shapes
from tests.e2e.gateways import Gateway, eventually, running
from tests.e2e.recorder import Recorder
from yett.access.keys import hash_key, new_key, parse_key, pepper_id
from yett.services.assembly import assemble
from yett.services.key_changes import block_key, release_key, rotate_key
from yett.services.key_report import Thresholds, report_keys
from yett.services.keys_file import FiledKey, head_line, key_line

LEAKS = "/.well-known/yett/leaked-keys"


class Shop:
    """The small API in a folder, and what is done to its keys from another process."""

    def __init__(self, folder: Path, upstream: str, keys: dict[str, str], **gateway: Any) -> None:
        settings = shapes.settings(upstream)
        settings["gateway"] |= gateway
        self.folder, self.keys = shapes.lay_out(folder, settings), keys
        self.environment = {f"{name.upper()}_KEY": key for name, key in keys.items()}

    @property
    def owner(self) -> str:
        """Id of the owner's key."""
        return f"owner-app-{parse_key(self.keys['owner']).prefix[-8:]}"

    @property
    def path(self) -> str:
        return str(self.folder)


@pytest.fixture
def make(recorder: Recorder, keys: dict[str, str], tmp_path: Path) -> Callable[..., Shop]:
    """A shop with more settings of the gateway."""
    return lambda **gateway: Shop(tmp_path / "box", recorder.url, keys, **gateway)


def ask(gateway: Gateway, key: str, path: str = "/box/things/1") -> tuple[int, str]:
    """The status and code of one request with a key."""
    connection = HTTPConnection("127.0.0.1", gateway.port, timeout=10)
    connection.request("GET", path, headers={"x-api-key": key})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, json.loads(body)["code"] if answer.status >= 400 else ""


def hand_in(gateway: Gateway, body: str) -> tuple[int, bytes]:
    """The answer to a key that is handed in as leaked."""
    connection = HTTPConnection("127.0.0.1", gateway.port, timeout=10)
    connection.request("POST", LEAKS, body=body, headers={"content-type": "text/plain"})
    answer = connection.getresponse()
    told = answer.read()
    connection.close()
    return answer.status, told


def test_a_revoked_key_is_refused_within_a_tenth_of_a_second_and_after_a_restart(make: Callable[..., Shop]) -> None:
    shop = make()
    took = []
    with running(shop.folder, shop.keys) as gateway:
        for _ in range(5):
            assert ask(gateway, shop.keys["owner"])[0] == 200
            block_key(shop.path, shop.environment, shop.owner, "revoked")
            began = time.monotonic()
            eventually(lambda: ask(gateway, shop.keys["owner"])[0] == 401 or None, "the key was not revoked")
            took.append(time.monotonic() - began)
            release_key(shop.path, shop.environment, shop.owner)
            eventually(lambda: ask(gateway, shop.keys["owner"])[0] == 200 or None, "the key was not released")
        block_key(shop.path, shop.environment, shop.owner, "revoked")
    # The best of several: the machine of a test may stop for a while.
    assert min(took) < 0.1, took
    with running(shop.folder, shop.keys) as gateway:
        assert ask(gateway, shop.keys["owner"]) == (401, "credential-invalid")
        assert ask(gateway, shop.keys["guest"])[0] == 200
        eventually(lambda: "blocked-credential-used" in gateway.said() or None, "the use was not told")


def test_a_leaked_key_is_put_in_quarantine_and_a_guesser_learns_nothing(make: Callable[..., Shop]) -> None:
    shop = make(leaks={"path": LEAKS})
    with running(shop.folder, shop.keys) as gateway:
        answers = {hand_in(gateway, one) for one in (new_key("live").text, "nonsense", shop.keys["owner"])}
        assert answers == {(202, b"")}
        eventually(lambda: ask(gateway, shop.keys["owner"])[0] == 401 or None, "the leaked key is still accepted")
        assert ask(gateway, shop.keys["guest"])[0] == 200
        eventually(lambda: "finding[leaked-key]" in gateway.said() or None, "the leak was not told")
        assert shop.keys["owner"] not in gateway.said() + gateway.log.read_text()
    with running(shop.folder, shop.keys) as gateway:
        assert ask(gateway, shop.keys["owner"])[0] == 401
        assert 429 in [hand_in(gateway, "nonsense")[0] for _ in range(12)]


def test_a_guesser_is_slowed_down_even_with_a_valid_key(make: Callable[..., Shop]) -> None:
    shop = make(failures={"per_source": 3, "delay": "30s", "longest": "1m"})
    with running(shop.folder, shop.keys) as gateway:
        found = [ask(gateway, new_key("live").text) for _ in range(6)]
        assert found[:4] == [(401, "credential-invalid")] * 4
        assert found[4:] == [(429, "too-many-failures")] * 2
        assert ask(gateway, shop.keys["owner"]) == (429, "too-many-failures")


def test_a_rotated_key_and_its_successor_overlap(make: Callable[..., Shop]) -> None:
    shop = make()
    with running(shop.folder, shop.keys) as gateway:
        made = rotate_key(shop.path, shop.environment, shop.owner, overlap_s=3_600)
        eventually(lambda: ask(gateway, made.text)[0] == 200 or None, "the successor is not accepted")
        assert ask(gateway, shop.keys["owner"])[0] == 200
        (shop.folder / "yett.yaml").touch()
        rotate_key(shop.path, shop.environment, shop.owner, overlap_s=0)
        eventually(lambda: ask(gateway, shop.keys["owner"]) == (401, "credential-expired") or None, "it did not end")
        assert ask(gateway, made.text)[0] == 200


def test_keys_of_a_file_are_served_and_a_bad_file_changes_nothing(make: Callable[..., Shop]) -> None:
    shop = make(keys_file="keys.jsonl")
    assemble(shop.path, shop.environment, create_pepper=True)
    pepper = assemble(shop.path, shop.environment).pepper.secret
    one, other = new_key("live"), new_key("live")

    def write(*keys: Any, more: str = "") -> None:
        lines = [head_line(pepper_id(pepper))]
        lines += [
            key_line(FiledKey(f"f-{key.prefix[-8:]}", "owner-app", key.prefix, hash_key(key.text, pepper)))
            for key in keys
        ]
        (shop.folder / "new.jsonl").write_text("\n".join(lines) + more)
        (shop.folder / "new.jsonl").rename(shop.folder / "keys.jsonl")

    write(one)
    with running(shop.folder, shop.keys) as gateway:
        assert (ask(gateway, one.text)[0], ask(gateway, other.text)[0]) == (200, 401)
        write(one, other, more="\n{")
        eventually(lambda: "keys.jsonl:4" in gateway.said() or None, "the bad line was not told")
        assert (ask(gateway, one.text)[0], ask(gateway, other.text)[0]) == (200, 401)
        write(other)
        eventually(lambda: ask(gateway, other.text)[0] == 200 or None, "the new file was not taken up")
        assert ask(gateway, one.text)[0] == 401


def test_the_last_use_of_a_key_is_remembered(make: Callable[..., Shop]) -> None:
    shop = make()
    with running(shop.folder, shop.keys) as gateway:
        assert ask(gateway, shop.keys["owner"])[0] == 200
        gateway.terminate()
        gateway.wait()
    found = report_keys(shop.path, shop.environment, Thresholds(), everything=True)
    used = {one.id: one.used_at for one in found.keys}
    assert abs((used[shop.owner] or 0) - time.time()) < 180
    assert [one.remarks for one in found.keys if one.id != shop.owner] == [("unused",)]

"""Reports of keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.services.places import SETTINGS, lay_out
from yett.access.keys import hash_key, new_key, pepper_id
from yett.errors import YettError
from yett.services.assembly import assemble
from yett.services.key_report import Thresholds, report_keys
from yett.services.keys_file import FiledKey, head_line, key_line
from yett.store import Database, KeyStore

DAY = 86_400
NOW = 1_800_000_000


def lay_out_keys(folder: Path, *keys: str) -> str:
    """The shop, its app having these keys; `HASH` in them stands for a fresh hash and prefix."""
    lines = []
    for key in keys:
        made = new_key("live")
        lines.append(key.replace("HASH", f'hash: "{hash_key(made.text, b"0" * 32)}", prefix: "{made.prefix}"'))
    settings = SETTINGS.replace("keys: [{env: READER_KEY}]", f"keys: [{', '.join(lines)}]")
    path = lay_out(folder, settings.replace("{listen:", "{keys_file: keys.jsonl, listen:"))
    (folder / ".yett").mkdir(mode=0o700, exist_ok=True)
    (folder / ".yett" / "pepper").write_text("30" * 32)
    (folder / ".yett" / "pepper").chmod(0o600)
    (folder / "keys.jsonl").write_text(head_line(pepper_id(b"0" * 32)) + "\n")
    return path


def remarks(path: str) -> dict[str, tuple[str, ...]]:
    found = report_keys(path, {}, Thresholds(), everything=True, clock=lambda: NOW)
    return {one.id: one.remarks for one in found.keys}


def test_each_key_has_its_remarks(tmp_path: Path) -> None:
    path = lay_out_keys(
        tmp_path,
        '{id: used, HASH, made: "2027-01-01"}',
        '{id: idle, HASH, made: "2026-10-01"}',
        '{id: old, HASH, made: "2025-01-01"}',
        '{id: ending, HASH, made: "2027-01-01", expires: "2027-01-20"}',
        '{id: over, HASH, expires: "2026-12-31"}',
        '{id: stolen, HASH, made: "2027-01-01"}',
    )
    database = Database.open(tmp_path / ".yett" / "store.db")
    store = KeyStore(database)
    store.note_uses([("used", NOW - DAY), ("old", NOW - DAY), ("idle", NOW - 100 * DAY)])
    store.block("stolen", "leaked", now=NOW)
    database.close()
    assert remarks(path) == {
        "used": (),
        "idle": ("unused",),
        "old": ("ageing",),
        "ending": ("expiring",),
        "over": ("expired",),
        "stolen": ("blocked",),
    }


def test_a_key_that_nobody_knows_anything_of_is_unused(tmp_path: Path) -> None:
    assert remarks(lay_out_keys(tmp_path, "{id: k, HASH}")) == {"k": ("unused",)}


def test_keys_of_a_file_are_in_the_report(tmp_path: Path) -> None:
    path = lay_out_keys(tmp_path, "{id: k, HASH}")
    line = key_line(FiledKey("f1", "reader-app", "yett_live_00000000", "ab" * 32, NOW + DAY, made_at=NOW - DAY))
    with (tmp_path / "keys.jsonl").open("a") as file:
        file.write(f"\n{line}\n")
    found = report_keys(path, {}, Thresholds(), clock=lambda: NOW)
    assert found.total == 2
    assert [(one.team, one.app, one.id, one.remarks) for one in found.keys] == [
        ("shop-team", "reader-app", "f1", ("expiring",)),
        ("shop-team", "reader-app", "k", ("unused",)),
    ]


def test_a_file_that_is_no_file_of_keys_is_told_with_its_line(tmp_path: Path) -> None:
    path = lay_out_keys(tmp_path, "{id: k, HASH}")
    with (tmp_path / "keys.jsonl").open("a") as file:
        file.write("[1]\n")
    with pytest.raises(YettError, match=r"keys\.jsonl:2"):
        report_keys(path, {}, Thresholds())


def test_a_report_makes_no_store(tmp_path: Path) -> None:
    path = lay_out_keys(tmp_path, "{id: k, HASH}")
    assert assemble(path, {}).sound
    remarks(path)
    assert not (tmp_path / ".yett" / "store.db").exists()

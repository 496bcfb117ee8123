"""Revoking, releasing and rotating keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.services.places import ENVIRONMENT, KEY, SETTINGS, lay_out
from yett.access.keys import hash_key, is_wellformed, new_key, parse_key, pepper_id
from yett.errors import YettError
from yett.services.assembly import assemble
from yett.services.key_changes import block_key, blocked_keys, release_key, rotate_key
from yett.services.keys_file import FiledKey, head_line, key_line

ID = f"reader-app-{parse_key(KEY).prefix[-8:]}"


@pytest.fixture
def path(tmp_path: Path) -> str:
    """The shop, with a pepper."""
    path = lay_out(tmp_path)
    assemble(path, ENVIRONMENT, create_pepper=True)
    return path


def test_a_key_is_blocked_by_its_id_or_by_itself_and_never_written_down(path: str, tmp_path: Path) -> None:
    assert block_key(path, ENVIRONMENT, KEY, "leaked", note="in a chat") == ID
    assert [(one.id, one.because, one.note) for one in blocked_keys(path, ENVIRONMENT)] == [(ID, "leaked", "in a chat")]
    release_key(path, ENVIRONMENT, ID)
    assert blocked_keys(path, ENVIRONMENT) == []
    assert block_key(path, ENVIRONMENT, ID, "revoked") == ID
    files = [one.read_bytes() for one in (tmp_path / ".yett").iterdir()]
    assert not any(KEY.encode() in content for content in files)


def test_what_is_not_known_is_refused_unless_it_is_said_so(path: str) -> None:
    for name in ("reader-app-x", new_key("test").text, "yett_test_x"):
        with pytest.raises(YettError) as refusal:
            block_key(path, ENVIRONMENT, name, "revoked")
        assert refusal.value.code in ("key-unknown", "key-malformed")
        assert "yett_test_" not in str(refusal.value)
    assert block_key(path, ENVIRONMENT, "another", "revoked", unknown=True) == "another"
    with pytest.raises(YettError, match="not blocked"):
        release_key(path, ENVIRONMENT, "nobody")


def test_a_rotation_makes_a_successor_and_an_end_and_both_are_in_the_next_snapshot(path: str) -> None:
    made = rotate_key(path, ENVIRONMENT, ID, overlap_s=3_600, clock=lambda: 4_000_000_000)
    assert is_wellformed(made.text)
    assert made.text not in repr(made)
    assembly = assemble(path, ENVIRONMENT)
    found = {one.id: one for one in assembly.credentials.items}
    assert found[ID].expires_at == made.old_ends == 4_000_003_600
    assert found[made.new.id].hash == hash_key(made.text, assembly.pepper.secret)
    assert (found[made.new.id].app, found[made.new.id].expires_at) == ("reader-app", None)


def test_the_line_of_a_successor_may_be_written_into_the_configuration(path: str, tmp_path: Path) -> None:
    made = rotate_key(path, ENVIRONMENT, ID, overlap_s=3_600)
    lay_out(tmp_path, SETTINGS.replace("keys: [", f"keys: [{made.line}, "))
    assembly = assemble(path, ENVIRONMENT)
    assert assembly.diagnostics == ()
    assert sorted(one.id for one in assembly.credentials.items) == sorted([ID, made.new.id])


def test_an_overlap_does_not_outlast_the_keys_own_end(path: str, tmp_path: Path) -> None:
    lay_out(tmp_path, SETTINGS.replace("{env: READER_KEY}", '{env: READER_KEY, expires: "2090-01-01"}'))
    made = rotate_key(path, ENVIRONMENT, ID, overlap_s=10_000_000, clock=lambda: 3_786_912_000 - 5)
    assert made.old_ends == 3_786_912_000


def test_a_key_that_is_blocked_or_over_has_no_successor(path: str, tmp_path: Path) -> None:
    block_key(path, ENVIRONMENT, ID, "leaked")
    with pytest.raises(YettError, match="blocked"):
        rotate_key(path, ENVIRONMENT, ID, overlap_s=60)
    lay_out(tmp_path, SETTINGS.replace("{env: READER_KEY}", '{env: READER_KEY, expires: "2020-01-01"}'))
    with pytest.raises(YettError, match="expired"):
        rotate_key(path, ENVIRONMENT, ID, overlap_s=60)
    with pytest.raises(YettError, match="no key"):
        rotate_key(path, ENVIRONMENT, "nobody", overlap_s=60)


def test_a_kept_key_whose_app_is_gone_stops_nothing(path: str, tmp_path: Path) -> None:
    rotate_key(path, ENVIRONMENT, ID, overlap_s=3_600)
    lay_out(tmp_path, SETTINGS.replace("reader-app", "other-app"))
    assembly = assemble(path, ENVIRONMENT)
    assert assembly.sound
    assert [one.app for one in assembly.credentials.items] == ["other-app"]


def test_a_key_of_a_file_is_found_and_rotated_too(path: str, tmp_path: Path) -> None:
    pepper = assemble(path, ENVIRONMENT).pepper.secret
    filed = new_key("live")
    line = key_line(FiledKey("f1", "reader-app", filed.prefix, hash_key(filed.text, pepper)))
    (tmp_path / "keys.jsonl").write_text(f"{head_line(pepper_id(pepper))}\n{line}\n")
    lay_out(tmp_path, SETTINGS.replace("{listen:", "{keys_file: keys.jsonl, listen:"))
    assert block_key(path, ENVIRONMENT, filed.text, "leaked") == "f1"
    release_key(path, ENVIRONMENT, "f1")
    made = rotate_key(path, ENVIRONMENT, "f1", overlap_s=60)
    found = {one.id: one for one in assemble(path, ENVIRONMENT).credentials.items}
    assert found["f1"].expires_at == made.old_ends

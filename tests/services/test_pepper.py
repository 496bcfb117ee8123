"""The pepper: found, or made where that is safe."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

from yett.access.keys import new_pepper, read_pepper
from yett.model.gateway import GatewaySettings
from yett.model.place import Place
from yett.model.secret import SecretReference
from yett.services.pepper import create_pepper, load_pepper

DEFAULT = GatewaySettings()


def named(kind: str, name: str) -> GatewaySettings:
    """Settings that name their pepper."""
    return GatewaySettings(pepper=SecretReference(kind, name, Place("yett.yaml", 2)))  # type: ignore[arg-type]


def test_the_default_pepper_when_absent_is_made_for_its_owner_alone_and_found_again(tmp_path: Path) -> None:
    made = load_pepper(DEFAULT, str(tmp_path), {}, create=True)
    path = tmp_path / ".yett" / "pepper"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (tmp_path / ".yett" / ".gitignore").read_text() == "*\n"
    assert sorted(one.name for one in path.parent.iterdir()) == [".gitignore", "pepper"]
    assert load_pepper(DEFAULT, str(tmp_path), {}, create=False) == made
    assert not made.stands_in
    assert made.secret.hex() not in repr(made)


def test_a_check_makes_no_pepper_and_takes_a_throw_away_one(tmp_path: Path) -> None:
    found = load_pepper(DEFAULT, str(tmp_path), {}, create=False)
    assert (found.stands_in, found.diagnostics, list(tmp_path.iterdir())) == (True, (), [])


def test_a_pepper_that_hashed_keys_need_is_never_made_anew(tmp_path: Path) -> None:
    found = load_pepper(DEFAULT, str(tmp_path), {}, create=True, needed=True)
    assert [one.code for one in found.diagnostics] == ["pepper-missing"]
    assert list(tmp_path.iterdir()) == []


def test_a_named_pepper_is_read_and_never_made(tmp_path: Path) -> None:
    text = new_pepper()
    assert load_pepper(named("env", "P"), "", {"P": f" {text}\n"}, create=True).secret == read_pepper(text)
    gone = tmp_path / "gone"
    found = load_pepper(named("file", str(gone)), "", {}, create=True)
    assert [(one.code, one.line) for one in found.diagnostics] == [("secret-missing", 2)]
    assert not gone.exists()


def test_a_pepper_that_others_can_read_is_warned_of(tmp_path: Path) -> None:
    create_pepper(tmp_path / "pepper")
    (tmp_path / "pepper").chmod(0o644)
    (found,) = load_pepper(named("file", str(tmp_path / "pepper")), "", {}, create=False).diagnostics
    assert (found.code, found.severity) == ("pepper-exposed", "warning")


def test_a_malformed_pepper_is_reported_without_being_repeated() -> None:
    (found,) = load_pepper(named("env", "P"), "", {"P": "hunter2"}, create=False).diagnostics
    assert found.code == "pepper-malformed"
    assert "hunter2" not in repr(found)


def test_a_pepper_made_by_many_at_once_is_one_pepper(tmp_path: Path) -> None:
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.append(load_pepper(DEFAULT, str(tmp_path), {}, create=True).secret))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / ".yett").write_text("in the way")
    (found,) = load_pepper(DEFAULT, str(tmp_path), {}, create=True).diagnostics
    assert "cannot make the pepper" in found.message

"""`yett client new` and `yett tokens key new`."""

from __future__ import annotations

import stat
from pathlib import Path

from tests.cli.terminal import yett
from tests.services.places import lay_out
from yett.access.client_secrets import check_client_secret
from yett.tokens.keys import read_signing_key


def test_a_secret_is_printed_once_with_the_line_for_the_configuration(tmp_path: Path) -> None:
    shown = yett("client", "new", lay_out(tmp_path), "--env", "test", "--app", "reader-app")
    assert shown.code == 0
    secrets = [word for word in shown.out.split() if word.startswith("yettcs_test_")]
    assert [check_client_secret(one) for one in secrets] == secrets
    assert len(secrets) == 1
    assert '- {hash: "' in shown.out


def test_a_secret_for_an_unknown_app_is_refused(tmp_path: Path) -> None:
    shown = yett("client", "new", lay_out(tmp_path), "--app", "raeder-app")
    assert shown.code == 1
    assert "did you mean `reader-app`?" in shown.err


def test_a_signing_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "next.pem"
    shown = yett("tokens", "key", "new", str(path), "--kind", "EdDSA", "--json")
    assert shown.code == 0
    assert read_signing_key(path.read_text()).kid == shown.json["kid"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_text()
    again = yett("tokens", "key", "new", str(path))
    assert again.code == 1
    assert "file-exists" in again.err
    assert path.read_text() == before
    assert "PRIVATE" not in shown.out


def test_a_key_in_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    shown = yett("tokens", "key", "new", str(tmp_path / "nowhere" / "key.pem"))
    assert (shown.code, "file-not-made" in shown.err) == (1, True)


def test_a_secret_for_no_configuration_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        shown = yett("client", "new", str(place))
        assert (shown.code, "configuration-missing" in shown.err) == (1, True)
    assert list(tmp_path.iterdir()) == []

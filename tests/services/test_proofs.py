"""Secrets of apps' proofs: read beside the snapshot, checked, never repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from yett.access.passwords import hash_password
from yett.errors import YettError
from yett.model.access import App
from yett.model.place import Reference
from yett.model.proofs import AppProofs, Password
from yett.model.secret import SecretReference
from yett.services.proofs import load_proof_secrets


def app(**proofs: object) -> tuple[App, ...]:
    return (App("erp", Reference("team"), proofs=AppProofs(**proofs)),)  # type: ignore[arg-type]


def env(name: str) -> SecretReference:
    return SecretReference("env", name)


def test_secrets_are_read_by_the_names_that_the_snapshot_has(tmp_path: Path) -> None:
    file = tmp_path / "hook"
    file.write_text("a secret of webhooks\n")
    apps = app(webhook_secrets=(SecretReference("file", str(file)), env("B")), passwords=(Password("u", env("H")),))
    hashed = hash_password("x")
    loaded = load_proof_secrets(apps, {"B": "another of webhooks", "H": hashed})
    assert loaded.diagnostics == ()
    assert loaded.files == {str(file)}
    named = {"webhook:erp:0": "a secret of webhooks", "webhook:erp:1": "another of webhooks", "password:u": hashed}
    assert loaded.named == named
    assert "secret of webhooks" not in repr(loaded)


@pytest.mark.parametrize(
    ("proofs", "environment", "code"),
    [
        ({"webhook_secrets": (env("A"),)}, {}, "secret-missing"),
        ({"webhook_secrets": (env("A"),)}, {"A": "hush"}, "secret-short"),
        ({"passwords": (Password("u", env("A")),)}, {"A": "hush, this is no hash"}, "password-hash-invalid"),
    ],
)
def test_secrets_that_cannot_be_used_are_told_and_not_shown(
    proofs: dict[str, object], environment: dict[str, str], code: str
) -> None:
    loaded = load_proof_secrets(app(**proofs), environment)
    (mistake,) = loaded.diagnostics
    assert mistake.code == code
    assert "hush" not in f"{mistake}{loaded.named}"


def test_every_hash_has_a_salt_of_its_own() -> None:
    assert hash_password("same") != hash_password("same")


@pytest.mark.parametrize("password", ["", "a\nb", "x" * 513])
def test_what_no_caller_can_send_is_not_hashed(password: str) -> None:
    with pytest.raises(YettError):
        hash_password(password)

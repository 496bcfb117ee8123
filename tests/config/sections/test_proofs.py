"""What apps prove themselves with besides keys, and what APIs accept of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.files import BOOKSHOP, load, mistakes
from yett.model.api import Identify
from yett.model.proofs import AppProofs, MessageSignature, named_secrets

PUBLIC = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----
"""


def proofs(folder: Path, text: str) -> AppProofs:
    """The proofs of an app that is added to the bookshop."""
    (folder / "key.pub").write_text(PUBLIC)
    loaded = load(folder, with_app(text))
    assert loaded.diagnostics == ()
    return loaded.configuration.apps[-1].proofs


def with_app(text: str) -> str:
    """The bookshop with an app more."""
    return f"{BOOKSHOP.rstrip()}\n  - {{name: erp, team: shop-team, {text}}}\n"


def identify(folder: Path, text: str) -> Identify:
    """How the bookshop identifies."""
    loaded = load(folder, BOOKSHOP.replace("identify: [api-key]", text))
    assert loaded.diagnostics == ()
    return loaded.configuration.apis[0].identify


def test_a_signing_key_is_public_or_shared(tmp_path: Path) -> None:
    found = proofs(
        tmp_path,
        "signing_keys: [{id: a, algorithm: ed25519, public_key: {file: key.pub}}, "
        "{id: b, algorithm: hmac-sha256, secret: {env: B}}]",
    )
    assert [one.public_key and len(one.public_key) for one in found.signing_keys] == [60, None]
    assert [one.name for one in named_secrets("erp", found)] == ["signing-key:b"]


def test_a_thumbprint_is_held_without_colons(tmp_path: Path) -> None:
    (one,) = proofs(tmp_path, f"certificates: [{{thumbprint: '{':'.join(['AB'] * 32)}'}}]").certificates
    assert one.thumbprint == "ab" * 32


def test_secrets_have_names_that_no_other_app_can_have(tmp_path: Path) -> None:
    text = "webhook_secrets: [{env: A}, {env: B}], passwords: [{user: u, hash: {env: C}}]"
    names = [(one.name, one.hashed) for one in named_secrets("erp", proofs(tmp_path, text))]
    assert names == [("webhook:erp:0", False), ("webhook:erp:1", False), ("password:u", True)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("certificates: [{}]", "certificate-unnamed"),
        ("certificates: [{subject: CN=a, san: 'dns:a'}]", "certificate-unnamed"),
        ("certificates: [{thumbprint: ab}]", "thumbprint-invalid"),
        ("certificates: [{san: a}]", "san-invalid"),
        ("certificates: [{subject: CN=a, ca: key.pub}]", "pem-invalid"),
        ("certificates: [{subject: CN=a, ca: absent}]", "file-missing"),
        ("certificates: [{subject: CN=a}, {subject: CN=a}]", "duplicate-certificate"),
        ("signing_keys: [{id: a, algorithm: ed25519}]", "signing-key-invalid"),
        ("signing_keys: [{id: a, algorithm: ed25519, secret: {env: A}}]", "signing-key-invalid"),
        ("signing_keys: [{id: a, algorithm: hmac-sha256, public_key: {file: key.pub}}]", "signing-key-invalid"),
        ("signing_keys: [{id: a, algorithm: hmac-sha256, secret: hush}]", "secret-literal"),
        ("webhook_secrets: [hush]", "secret-literal"),
        ("passwords: [{user: 'a:b', hash: {env: A}}]", "user-invalid"),
        ("passwords: [{user: a, hash: {env: A}}, {user: a, hash: {env: B}}]", "duplicate-user"),
    ],
)
def test_proofs_that_cannot_be_are_refused(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "key.pub").write_text(PUBLIC)
    assert [one.code for one in mistakes(tmp_path, with_app(text))] == [code]


def test_methods_have_their_defaults_and_their_order(tmp_path: Path) -> None:
    found = identify(tmp_path, "identify: [signature, api-key, basic]")
    assert found.order == ("signature", "api-key", "basic")
    assert (found.signature, found.basic, found.certificate) == (MessageSignature(), True, False)


def test_durations_become_seconds(tmp_path: Path) -> None:
    found = identify(tmp_path, "identify: {signature: {max_age: 90s, covers: ['@method', x-a], once: true}}")
    assert found.signature == MessageSignature(("@method", "x-a"), 90, once=True)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("identify: {signature: {covers: ['@status']}}", "component-invalid"),
        ("identify: {webhook: {app: nobody, header: x-hash}}", "unknown-app"),
        ("identify: {webhook: {app: reader-app, header: x-hash}}", "webhook-unproven"),
        ("identify: [certificate]", "certificate-unasked"),
        ("anonymous: [nothing]", "unknown-profile"),
    ],
)
def test_methods_that_could_find_nobody_are_refused(tmp_path: Path, text: str, code: str) -> None:
    found = mistakes(tmp_path, BOOKSHOP.replace("identify: [api-key]", text))
    assert [one.code for one in found] == [code]

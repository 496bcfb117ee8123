"""The keys that tokens for upstreams are signed with."""

from __future__ import annotations

import base64
from pathlib import Path

from yett.model.configuration import Configuration
from yett.model.gateway import GatewaySettings
from yett.model.proxy import Issuer
from yett.model.secret import SecretReference
from yett.services.identity import DEFAULT_NAME, IdentityKeys, load_identity_keys, new_identity_key


def configuration(**settings: SecretReference | None) -> Configuration:
    """One with an issuer."""
    return Configuration(gateway=GatewaySettings(identity=Issuer("https://gateway.example", **settings)))  # type: ignore[arg-type]


def test_without_an_issuer_there_is_no_key(tmp_path: Path) -> None:
    assert load_identity_keys(Configuration(), str(tmp_path), {}, create=True) == IdentityKeys()
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_made_once_for_its_owner_alone_and_never_shown(tmp_path: Path) -> None:
    assert load_identity_keys(configuration(), str(tmp_path), {}, create=False).keys == ()
    made = load_identity_keys(configuration(), str(tmp_path), {}, create=True)
    again = load_identity_keys(configuration(), str(tmp_path), {}, create=True)
    assert made.keys == again.keys
    assert (tmp_path / DEFAULT_NAME).stat().st_mode & 0o777 == 0o600
    assert made.keys[0].splitlines()[1] not in repr(made)


def test_a_key_that_others_can_read_is_told(tmp_path: Path) -> None:
    load_identity_keys(configuration(), str(tmp_path), {}, create=True)
    (tmp_path / DEFAULT_NAME).chmod(0o644)
    found = load_identity_keys(configuration(), str(tmp_path), {}, create=True).diagnostics
    assert [(one.code, one.severity) for one in found] == [("identity-key-exposed", "warning")]


def test_a_key_being_replaced_comes_second(tmp_path: Path) -> None:
    environment = {"NEW": new_identity_key(), "OLD": new_identity_key()}
    both = configuration(key=SecretReference("env", "NEW"), previous_key=SecretReference("env", "OLD"))
    assert load_identity_keys(both, str(tmp_path), environment, create=True).keys == tuple(
        environment[name].strip() for name in ("NEW", "OLD")
    )


def test_what_is_no_key_is_told_without_being_shown(tmp_path: Path) -> None:
    named = configuration(key=SecretReference("env", "KEY"))
    for environment, code in (({}, "secret-missing"), ({"KEY": "hush-hush"}, "identity-key-invalid")):
        loaded = load_identity_keys(named, str(tmp_path), environment, create=True)
        assert [one.code for one in loaded.diagnostics] == [code]
        assert "hush" not in loaded.diagnostics[0].message
        assert loaded.keys == ()


def test_a_key_of_another_kind_is_told_before_the_gateway_starts(tmp_path: Path) -> None:
    curve = base64.b64encode(bytes.fromhex("308187020100301306072a8648ce3d020106082a8648ce3d030107")).decode()
    named = configuration(key=SecretReference("env", "KEY"))
    for body in (curve, "not base64!"):
        environment = {"KEY": f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"}
        loaded = load_identity_keys(named, str(tmp_path), environment, create=True)
        assert [(one.code, one.message) for one in loaded.diagnostics] == [
            ("identity-key-invalid", "the environment variable KEY holds a private key of another kind than Ed25519")
        ]
        assert loaded.keys == ()

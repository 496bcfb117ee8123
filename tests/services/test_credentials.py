"""Keys of apps become credentials."""

from __future__ import annotations

from pathlib import Path

from yett.access.keys import hash_key, new_key, pepper_id
from yett.model.access import App, Key
from yett.model.place import Place, Reference
from yett.model.secret import HashedKey, SecretReference
from yett.services.credentials import Resolved, resolve_credentials

PEPPER = b"p" * 32
KEY = new_key("test")
NOW = 1_800_000_000.0


def resolve(*keys: Key, environment: dict[str, str] | None = None) -> Resolved:
    """The credentials of one app with these keys."""
    app = App("reader-app", Reference("shop-team"), keys=keys)
    return resolve_credentials((app,), PEPPER, environment or {}, now=NOW)


def from_env(name: str = "K", line: int = 9) -> Key:
    """A key in an environment variable."""
    return Key(SecretReference("env", name), place=Place("yett.yaml", line))


def test_a_key_in_the_environment_is_hashed_and_named_after_app_and_prefix() -> None:
    resolved = resolve(from_env(), environment={"K": KEY.text})
    (credential,) = resolved.credentials.items
    assert resolved.diagnostics == []
    assert resolved.credentials.pepper_id == pepper_id(PEPPER)
    assert (credential.prefix, credential.hash) == (KEY.prefix, hash_key(KEY.text, PEPPER))
    assert credential.id == f"reader-app-{KEY.random[:8]}"


def test_a_key_in_a_file_is_read_without_white_space_and_the_file_is_watched(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY.text}\n")
    resolved = resolve(Key(SecretReference("file", str(tmp_path / "key"))))
    assert [one.prefix for one in resolved.credentials.items] == [KEY.prefix]
    assert resolved.files == {str(tmp_path / "key")}


def test_a_hashed_key_is_taken_as_it_is_with_its_terms() -> None:
    key = Key(HashedKey(KEY.prefix, "a" * 64), "k", int(NOW) + 1, (Reference("reader"), Reference("reader")))
    (credential,) = resolve(key).credentials.items
    assert (credential.id, credential.hash, credential.expires_at) == ("k", "a" * 64, int(NOW) + 1)
    assert credential.profiles == ("reader",)


def test_missing_empty_and_malformed_keys_are_all_reported_and_never_repeated() -> None:
    secret = KEY.text[:-1] + ("0" if KEY.text[-1] != "0" else "1")
    environment = {"EMPTY": " ", "ODD": "hunter2", "MISTYPED": secret}
    keys = [from_env(name, line) for line, name in enumerate(["GONE", "EMPTY", "ODD", "MISTYPED"], 1)]
    found = resolve(*keys, environment=environment).diagnostics
    assert [(one.line, one.code) for one in found] == [
        (1, "secret-missing"),
        (2, "secret-empty"),
        (3, "key-malformed"),
        (4, "key-malformed"),
    ]
    assert "checksum" in found[3].message
    assert "hunter2" not in repr(found)
    assert secret not in repr(found)


def test_a_key_given_twice_is_reported_with_both_places() -> None:
    found = resolve(from_env("A", 3), from_env("B", 4), environment={"A": KEY.text, "B": KEY.text}).diagnostics
    assert [(one.line, one.code, one.hint) for one in found] == [(4, "duplicate-key", "first given at yett.yaml:3")]


def test_an_expired_key_is_warned_of() -> None:
    (found,) = resolve(Key(HashedKey(KEY.prefix, "a" * 64), expires_at=int(NOW))).diagnostics
    assert (found.code, found.severity) == ("key-expired", "warning")

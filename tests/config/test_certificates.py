"""A certificate and a key that cannot be used together are found out before the gateway starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.certificates import OPENSSL, make_pair
from tests.config.files import BOOKSHOP, load, mistakes, only_mistake

TLS = BOOKSHOP.replace("workers: 2}", "workers: 2,\n  tls: {certificate: server.pem,\n    key: {file: server.key}}}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a certificate and its key."""
    make_pair(tmp_path)
    return tmp_path


@OPENSSL
def test_a_pair_that_belongs_together_is_sound(folder: Path) -> None:
    assert mistakes(folder, TLS) == []


@OPENSSL
def test_the_key_of_another_certificate_is_told_at_the_key(folder: Path) -> None:
    make_pair(folder, "other")
    (folder / "server.key").write_bytes((folder / "other.key").read_bytes())
    found = only_mistake(folder, TLS)
    assert (found.code, found.line, found.pointer) == ("key-mismatch", 4, "/gateway/tls/key")


@OPENSSL
@pytest.mark.parametrize(
    ("file", "code", "line"), [("server.pem", "certificate-invalid", 3), ("server.key", "private-key-invalid", 4)]
)
@pytest.mark.parametrize(
    "text", ["", "garbage\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"], ids=str.strip
)
def test_a_file_that_holds_something_else_is_told_where_it_is_named(
    folder: Path, file: str, code: str, line: int, text: str
) -> None:
    (folder / file).write_text(text)
    found = only_mistake(folder, TLS)
    assert (found.code, found.line) == (code, line)


@OPENSSL
def test_a_key_behind_a_password_is_refused_without_asking_for_it(folder: Path) -> None:
    make_pair(folder, password="open sesame")
    assert only_mistake(folder, TLS).code == "private-key-invalid"


@OPENSSL
def test_a_renewed_pair_is_another(folder: Path) -> None:
    before = load(folder, TLS).configuration.gateway.tls
    assert load(folder, TLS).configuration.gateway.tls == before
    make_pair(folder)
    assert load(folder, TLS).configuration.gateway.tls != before


def test_an_access_log_in_a_folder_that_is_not_there_is_told_at_its_setting(tmp_path: Path) -> None:
    found = only_mistake(tmp_path, BOOKSHOP.replace("workers: 2}", "workers: 2,\n  access_log: logs/access.jsonl}"))
    assert (found.code, found.line, found.pointer) == ("folder-missing", 3, "/gateway/access_log")
    (tmp_path / "logs").mkdir()
    assert mistakes(tmp_path, BOOKSHOP.replace("workers: 2}", "access_log: logs/access.jsonl}")) == []

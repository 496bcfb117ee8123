"""`fetch` and `introspection` of an issuer, and `identify: {introspection: ...}`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.files import BOOKSHOP, load, only_mistake
from yett.config.sections.inquiries import oauth_metadata_url
from yett.model.issuer import Issuer
from yett.model.secret import SecretReference

ASKED = "{url: 'https://id.example/introspect', client_id: gateway, client_secret: {env: BANK_SECRET}}"
BANK = (
    "{name: bank, issuer: 'https://id.example', audiences: [books], app: reader-app, discovery: true,"
    f" fetch: {{}}, introspection: {ASKED}}}"
)


def with_issuer(text: str, identify: str = "{introspection: {issuer: bank}}") -> str:
    return BOOKSHOP.replace("[api-key]", identify) + f"issuers: [{text}]\n"


def issuer(folder: Path, text: str = BANK) -> Issuer:
    loaded = load(folder, with_issuer(text))
    assert loaded.diagnostics == ()
    return loaded.configuration.issuers[0]


def test_what_is_asked_has_safe_defaults(tmp_path: Path) -> None:
    found = issuer(tmp_path)
    assert found.fetch is not None
    assert (found.fetch.private, found.fetch.metadata_url, found.fetch.min_refresh_ms) == (False, None, 30_000)
    assert found.introspection is not None
    assert found.introspection.client_secret == SecretReference("env", "BANK_SECRET")
    assert (found.introspection.cache_ms, found.introspection.stale_ms, found.introspection.client_auth) == (
        30_000,
        0,
        "basic",
    )


def test_with_introspection_no_keys_are_needed(tmp_path: Path) -> None:
    assert issuer(tmp_path, BANK.replace("discovery: true, fetch: {}, ", "")).introspection is not None


@pytest.mark.parametrize(
    ("issuer_url", "metadata"),
    [
        ("https://id.example", "https://id.example/.well-known/oauth-authorization-server"),
        ("https://id.example/", "https://id.example/.well-known/oauth-authorization-server"),
        ("https://id.example/a/b", "https://id.example/.well-known/oauth-authorization-server/a/b"),
    ],
)
def test_oauth_has_metadata_before_the_path(issuer_url: str, metadata: str) -> None:
    assert oauth_metadata_url(issuer_url) == metadata


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("{env: BANK_SECRET}", "hush", "secret-literal"),
        ("https://id.example/introspect", "http://id.example/introspect", "url-plain"),
        ("client_id: gateway", "client_id: gateway, cache: 2h", "duration-invalid"),
        ("fetch: {}", "fetch: {refresh: {min: 10ms}}", "duration-invalid"),
        ("fetch: {}", "fetch: {refresh: {min: 2h}}", "duration-invalid"),
        ("fetch: {}", "fetch: {timeout: 2m}", "duration-invalid"),
        ("discovery: true, fetch: {}", "fetch: {}", "fetch-unused"),
    ],
)
def test_what_would_be_unsafe_is_a_mistake(tmp_path: Path, old: str, new: str, code: str) -> None:
    assert only_mistake(tmp_path, with_issuer(BANK.replace(old, new))).code == code


def test_an_issuer_that_is_not_asked_cannot_say_what_tokens_are_worth(tmp_path: Path) -> None:
    text = with_issuer(BANK.replace(f", introspection: {ASKED}", ""))
    assert only_mistake(tmp_path, text).code == "introspection-missing"
    assert only_mistake(tmp_path, with_issuer(BANK, "{introspection: {issuer: bnk}}")).code == "unknown-issuer"

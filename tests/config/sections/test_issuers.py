"""`issuers`: whose tokens are accepted, and what they are worth."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.files import BOOKSHOP, load, mistakes, only_mistake
from yett.model.api import TokenPlaces
from yett.model.issuer import AppFrom, FetchedKeys, GivenKeys, Issuer

CORP = (
    "{name: corp, issuer: 'https://id.example', jwks: 'https://id.example/jwks', audiences: [books], app: reader-app}"
)


def with_issuer(text: str, identify: str = "[jwt]") -> str:
    return BOOKSHOP.replace("[api-key]", identify) + f"issuers: [{text}]\n"


def issuer(folder: Path, text: str) -> Issuer:
    loaded = load(folder, with_issuer(text))
    assert loaded.diagnostics == ()
    return loaded.configuration.issuers[0]


def test_an_issuer_is_read_with_its_defaults(tmp_path: Path) -> None:
    found = issuer(tmp_path, CORP)
    assert (found.keys, found.leeway_s, found.user_from, found.bound, found.trusted_to_grant) == (
        FetchedKeys("https://id.example/jwks"),
        30,
        "sub",
        "none",
        False,
    )
    assert load(tmp_path, with_issuer(CORP)).configuration.apis[0].identify.jwt == TokenPlaces()


def test_keys_may_be_in_a_file_whose_change_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text('{"keys": []}')
    text = CORP.replace("'https://id.example/jwks'", "{file: keys.json}")
    assert issuer(tmp_path, text).keys == GivenKeys({"keys": []})
    assert str(tmp_path / "keys.json") in load(tmp_path, with_issuer(text)).files


def test_an_app_may_be_told_by_a_claim(tmp_path: Path) -> None:
    by_map = issuer(tmp_path, CORP.replace("app: reader-app", "app_from: {claim: azp, map: {a1: reader-app}}"))
    assert isinstance(by_map.app, AppFrom)
    assert [one.name for one in by_map.apps] == ["reader-app"]
    assert issuer(tmp_path, CORP.replace("app: reader-app", "app_from: client_id")).app == AppFrom("client_id")


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("https://id.example/jwks", "http://id.example/jwks", "url-plain"),
        ("https://id.example/jwks", "http://127.0.0.1:1/jwks", "url-plain"),
        ("https://id.example/jwks", "ftp://id.example/jwks", "url-invalid"),
        ("https://id.example/jwks", "https://me:secret@id.example/jwks", "url-invalid"),
        ("jwks: 'https://id.example/jwks', ", "", "issuer-keys"),
        ("app: reader-app", "discovery: true, app: reader-app", "issuer-keys"),
        (", app: reader-app", "", "issuer-app"),
        ("app: reader-app", "app: reader-app, app_from: azp", "issuer-app"),
        ("app: reader-app", "app: nobody", "unknown-app"),
        ("app: reader-app", "app: reader-app, profiles_from: {claim: scope, map: {r: nothing}}", "unknown-profile"),
        ("app: reader-app", "app: reader-app, leeway: 6m", "duration-invalid"),
        ("app: reader-app", "app: reader-app, required: {a: [1]}", "claim-invalid"),
        ("'https://id.example/jwks'", "{file: missing.json}", "file-missing"),
    ],
)
def test_a_mistake_in_an_issuer_is_told(tmp_path: Path, before: str, after: str, code: str) -> None:
    assert only_mistake(tmp_path, with_issuer(CORP.replace(before, after))).code == code


@pytest.mark.parametrize("setting", ["audiences: []", "algorithms: [none]", "algorithms: [HS256]", "bound: maybe"])
def test_what_an_issuer_cannot_be_is_refused(tmp_path: Path, setting: str) -> None:
    text = CORP.replace("audiences: [books]", setting if "audiences" in setting else f"audiences: [books], {setting}")
    assert mistakes(tmp_path, with_issuer(text))


def test_plain_http_on_this_machine_is_for_trials_that_say_so(tmp_path: Path) -> None:
    text = CORP.replace("https://id.example/jwks", "http://127.0.0.1:1/jwks").replace("}", ", insecure_loopback: true}")
    assert issuer(tmp_path, text).keys == FetchedKeys("http://127.0.0.1:1/jwks")


def test_an_api_that_accepts_tokens_knows_whose(tmp_path: Path) -> None:
    assert only_mistake(tmp_path, BOOKSHOP.replace("[api-key]", "[jwt]")).code == "issuer-missing"
    assert only_mistake(tmp_path, with_issuer(CORP, "{jwt: {issuers: [crop]}}")).code == "unknown-issuer"
    twice = f"{CORP}, {CORP.replace('name: corp', 'name: twin')}"
    assert only_mistake(tmp_path, with_issuer(twice)).code == "issuer-ambiguous"
    assert mistakes(tmp_path, with_issuer(twice, "{jwt: {issuers: [corp]}}")) == []

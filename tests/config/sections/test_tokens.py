"""`tokens` and `clients`: what is read, and what is wrong where."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.files import BOOKSHOP, load, mistakes, only_mistake
from yett.model.access import App
from yett.model.tokens import TokenSettings, metadata_path, origin_of

TOKENS = "tokens: {issuer: https://id.example, audience: https://api.example%s}\n"
KEYS = "keys: [{env: READER_KEY}]"
CLIENT = "agent: true, clients: [{id: robot, secrets: [{env: SECRET}]%s}]"
HASH = "0123456789abcdef" * 4


def with_client(settings: str = "", tokens: str = "") -> str:
    """The bookshop with a client and an endpoint."""
    return BOOKSHOP.replace(KEYS, CLIENT % settings) + TOKENS % tokens


def read(folder: Path, text: str) -> tuple[TokenSettings, App]:
    """The endpoint and the app."""
    loaded = load(folder, text)
    assert loaded.diagnostics == ()
    assert loaded.configuration.tokens is not None
    return loaded.configuration.tokens, loaded.configuration.apps[0]


def test_an_endpoint_needs_an_issuer_and_an_audience_alone(tmp_path: Path) -> None:
    tokens, app = read(tmp_path, with_client())
    assert (tokens.base_path, tokens.lifetime_s, tokens.require_binding, tokens.keys) == ("/oauth", 300, False, ())
    assert tokens.audiences == ("https://api.example",)
    assert [client.id for client in app.clients] == ["robot"]


def test_without_the_section_there_is_no_endpoint(tmp_path: Path) -> None:
    assert load(tmp_path, BOOKSHOP).configuration.tokens is None


@pytest.mark.parametrize(
    ("settings", "where", "code"),
    [
        (", lifetime: 61m", "/tokens/lifetime", "out-of-range"),
        (", lifetime: 100ms", "/tokens/lifetime", "out-of-range"),
        (", keys: [here]", "/tokens/keys/0", "secret-literal"),
        (", subject_issuers: [{issuer: https://id.example, jwks: a, audience: b}]", None, "duplicate-issuer"),
        (", exchange: [{client: rowbot}]", "/tokens/exchange/0/client", "unknown-client"),
        (", exchange: [{client: robot, profiles: [raeder]}]", "/tokens/exchange/0/profiles/0", "unknown-profile"),
        (", exchange: [{client: robot, issuers: [https://x.example]}]", "/tokens/exchange/0", "unknown-issuer"),
        (", exchange: [{client: robot, subjects: []}]", "/tokens/exchange/0/subjects", "out-of-range"),
        (", base_path: /bookshop", "/apis/0", "base-path-taken"),
        (", oidc: true", "/tokens/oidc", "unknown-key"),
    ],
)
def test_a_bad_setting_is_told_where_it_stands(tmp_path: Path, settings: str, where: str | None, code: str) -> None:
    found = only_mistake(tmp_path, with_client(tokens=settings))
    assert found.code == code
    assert where is None or found.pointer == where


@pytest.mark.parametrize(
    "issuer",
    [
        "http://id.example",
        "id.example",
        "https://id.example/",
        "https://id.example/a?b",
        "https://id.example/#a",
        "https://me:x@id.example",
        "ftp://id.example",
        "https://",
        "https://id.example:0",
        "https://id.example:x",
        "https://id.exämple",
    ],
)
def test_what_is_no_issuer_is_refused(tmp_path: Path, issuer: str) -> None:
    text = with_client().replace("https://id.example", issuer)
    assert only_mistake(tmp_path, text).pointer == "/tokens/issuer"


@pytest.mark.parametrize("issuer", ["https://id.example:8443/a/b", "http://127.0.0.1:8080", "http://localhost:1/x"])
def test_an_issuer_is_https_or_this_machine(tmp_path: Path, issuer: str) -> None:
    assert read(tmp_path, with_client().replace("https://id.example", issuer))[0].issuer == issuer


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (", profiles: [writer]", "profile-not-held"),
        (", secret: x", "secret-literal"),
        (", scopes: [a]", "unknown-key"),
    ],
)
def test_a_bad_client_is_told(tmp_path: Path, settings: str, code: str) -> None:
    assert only_mistake(tmp_path, with_client(settings)).code == code


def test_a_secret_is_never_written(tmp_path: Path) -> None:
    for written in ("hunter2", "{hash: hunter2}", "{literal: hunter2}"):
        found = mistakes(tmp_path, with_client().replace("{env: SECRET}", written))
        assert found
        assert not any("hunter2" in one.message + one.hint for one in found)
    leaked = "yettcs_live_" + "a" * 40 + "_000000"
    found = mistakes(tmp_path, with_client(tokens=f", hosts: ['{leaked}']"))
    assert "secret-literal" in {one.code for one in found}
    assert not any(leaked in one.message + one.hint for one in found)


def test_a_client_that_cannot_prove_itself_is_refused(tmp_path: Path) -> None:
    text = with_client().replace("secrets: [{env: SECRET}]", "secrets: []")
    assert only_mistake(tmp_path, text).code == "client-unprovable"


def test_a_client_without_an_endpoint_is_refused(tmp_path: Path) -> None:
    assert only_mistake(tmp_path, BOOKSHOP.replace(KEYS, CLIENT % "")).code == "tokens-missing"


def test_an_endpoint_that_cannot_be_read_is_not_missed_as_well(tmp_path: Path) -> None:
    text = BOOKSHOP.replace(KEYS, CLIENT % "") + "tokens: {issuer: https://id.example}\n"
    assert only_mistake(tmp_path, text).code == "missing-key"


def test_two_clients_of_one_id_are_refused_across_apps(tmp_path: Path) -> None:
    text = with_client().replace("apps:\n", "apps:\n  - {name: other-app, team: shop-team, " + CLIENT % "" + "}\n")
    assert only_mistake(tmp_path, text).code == "duplicate-client"


def test_the_endpoints_own_name_is_not_for_others(tmp_path: Path) -> None:
    text = with_client().replace("name: bookshop", "name: yett-tokens").replace("bookshop:", "yett-tokens:")
    assert only_mistake(tmp_path, text).code == "name-reserved"


def test_an_endpoint_is_described_once(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("yett: 1\n" + TOKENS % "")
    (tmp_path / "yett.yaml").write_text(with_client())
    from yett.config import load_configuration

    assert [one.code for one in load_configuration(str(tmp_path)).diagnostics] == ["duplicate-section"]


@pytest.mark.parametrize(
    ("issuer", "path"),
    [("https://a.example", ""), ("https://a.example:8443/x/y", "/x/y")],
)
def test_metadata_stand_before_the_path_of_the_issuer(issuer: str, path: str) -> None:
    assert metadata_path(issuer) == f"/.well-known/oauth-authorization-server{path}"
    assert issuer == origin_of(issuer) + path


def test_the_endpoint_is_an_issuer_that_apis_may_name(tmp_path: Path) -> None:
    text = with_client().replace("[api-key]", "{jwt: {issuers: [yett-tokens]}}")
    assert load(tmp_path, text).diagnostics == ()
    found = mistakes(tmp_path, text.replace("yett-tokens", "yett-token"))
    assert [one.hint for one in found] == ["did you mean `yett-tokens`?"]
    assert load(tmp_path, with_client().replace("[api-key]", "[jwt]")).diagnostics == ()


@pytest.mark.parametrize(
    ("name", "issuer", "code"),
    [("yett-tokens", "https://x.example", "name-reserved"), ("own", "https://id.example", "duplicate-issuer")],
)
def test_the_endpoint_is_not_described_again_as_an_issuer(tmp_path: Path, name: str, issuer: str, code: str) -> None:
    other = f"{{name: {name}, issuer: {issuer}, jwks: {issuer}/keys, audiences: [a], app: reader-app}}"
    assert only_mistake(tmp_path, with_client() + f"issuers: [{other}]\n").code == code


def test_a_client_acts_for_nobody_unless_its_app_is_an_agent(tmp_path: Path) -> None:
    text = with_client(tokens=", exchange: [{client: robot, subjects: [u]}]").replace("agent: true, ", "")
    found = only_mistake(tmp_path, text)
    assert (found.code, found.pointer) == ("client-no-agent", "/tokens/exchange/0/client")
    assert "agent: true" in found.hint


def test_keys_of_a_subject_issuer_are_a_file_or_fetched(tmp_path: Path) -> None:
    def of(terms: str) -> str:
        issuer = "{issuer: https://id.example.com, audience: a, %s}"
        return with_client(tokens=f", subject_issuers: [{issuer % terms}]")

    for good in ("jwks: keys.json", "jwks: https://id.example.com/keys", "discovery: true"):
        assert mistakes(tmp_path, of(good)) == [], good
    trial = 'jwks: "http://127.0.0.1:1/keys"'
    assert mistakes(tmp_path, of(f"{trial}, insecure_loopback: true")) == []
    for bad, code in (
        ("jwks: keys.json, fetch: {timeout: 2s}", "fetch-unused"),
        ("jwks: keys.json, discovery: true", "issuer-keys"),
        ("discovery: false", "issuer-keys"),
        (trial, "url-plain"),
        ('jwks: "http://id.example.com/keys", insecure_loopback: true', "url-plain"),
    ):
        assert [one.code for one in mistakes(tmp_path, of(bad))] == [code], bad

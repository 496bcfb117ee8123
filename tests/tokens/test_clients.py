"""How clients prove themselves, and how those that do not are refused."""

from __future__ import annotations

import base64
import hmac
from dataclasses import replace
from typing import Any

import pytest

from tests.tokens.stage import BASE, ISSUER, NOW, Stage, new_key, refusal, signed
from yett.access.keys import hash_key
from yett.tokens.settings import Secret

NOBODY = (401, "invalid_client")


def test_a_client_with_its_secret_gets_a_token_by_either_way(stage: Stage) -> None:
    assert stage.token("robot").status == 200
    form = {"grant_type": "client_credentials", "client_id": "robot", "client_secret": stage.secrets["robot"]}
    assert stage.post("/token", form).status == 200


def test_a_token_is_for_the_client_and_no_longer_than_said(stage: Stage) -> None:
    claims = stage.read(stage.token("robot"))
    assert claims["jti"]
    assert {name: claims[name] for name in claims if name != "jti"} == {
        "iss": ISSUER,
        "sub": "robot",
        "aud": "https://api.example.com",
        "client_id": "robot",
        "app": "robot-app",
        "iat": NOW,
        "exp": NOW + 300,
        "scope": "reader writer",
    }


def test_no_two_tokens_have_the_same_id(stage: Stage) -> None:
    assert len({stage.read(stage.token())["jti"] for _ in range(20)}) == 20


def test_a_wrong_secret_is_refused_with_a_challenge(stage: Stage) -> None:
    answer = stage.post("/token", {"grant_type": "client_credentials"}, stage.basic("robot", "guess"))
    assert refusal(answer) == NOBODY
    assert answer.headers["www-authenticate"].startswith("Basic ")


def test_the_secret_of_another_client_is_refused(stage: Stage) -> None:
    headers = stage.basic("robot", stage.secrets["shop"])
    assert refusal(stage.post("/token", {"grant_type": "client_credentials"}, headers)) == NOBODY


def test_whoever_is_unknown_hears_the_same_as_whoever_guesses(stage: Stage) -> None:
    form = {"grant_type": "client_credentials"}
    unknown = stage.post("/token", form, stage.basic("robot") | {"authorization": basic("nobody", "x")})
    guessed = stage.post("/token", form, stage.basic("robot", "x"))
    assert unknown == guessed


def basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


@pytest.mark.parametrize(
    "authorization",
    ["Basic", "Basic !!!", "Basic " + base64.b64encode(b"robot").decode(), "Bearer x", "Basic " + "QQ" * 5000, ""],
)
def test_a_malformed_authorization_is_refused(stage: Stage, authorization: str) -> None:
    answer = stage.post("/token", {"grant_type": "client_credentials"}, {"authorization": authorization})
    assert refusal(answer) == NOBODY


def test_a_client_that_proves_nothing_is_refused(stage: Stage) -> None:
    assert refusal(stage.post("/token", {"grant_type": "client_credentials", "client_id": "robot"})) == NOBODY


def test_two_proofs_in_one_request_are_refused_rather_than_ranked(stage: Stage) -> None:
    answer = stage.token("robot", client_id="robot", client_secret=stage.secrets["robot"])
    assert refusal(answer) == (400, "invalid_request")


def test_a_request_that_names_two_clients_is_refused(stage: Stage) -> None:
    assert refusal(stage.token("robot", client_id="shop")) == (400, "invalid_request")


def test_during_a_rotation_both_secrets_are_good_until_the_old_one_expires(stage: Stage) -> None:
    settings = stage.settings()
    old, new = Secret(hash_key("old", settings.pepper), expires_at=NOW + 10), settings.clients["robot"].secrets[0]
    robot = replace(settings.clients["robot"], secrets=(old, new))
    stage.endpoint.take_up(replace(settings, clients={"robot": robot}))
    form = {"grant_type": "client_credentials"}
    assert stage.token("robot").status == 200
    assert stage.post("/token", form, {"authorization": basic("robot", "old")}).status == 200
    stage.clock.now = NOW + 10
    assert refusal(stage.post("/token", form, {"authorization": basic("robot", "old")})) == NOBODY
    assert stage.token("robot").status == 200


@pytest.mark.parametrize("audience", [ISSUER, f"{BASE}/token", [ISSUER]])
def test_a_client_with_a_signed_assertion_gets_a_token(stage: Stage, audience: str | list[str]) -> None:
    assert stage.read(stage.asserted(stage.assertion(aud=audience)))["client_id"] == "signer"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "robot"},
        {"sub": "robot"},
        {"sub": None},
        {"aud": "https://other.example"},
        {"aud": [ISSUER, "https://other.example"]},
        {"aud": None},
        {"exp": None},
        {"exp": NOW - 31},
        {"exp": NOW + 3601},
        {"exp": "soon"},
        {"exp": True},
        {"exp": 1e300},
        {"iat": NOW + 31},
        {"nbf": NOW + 31},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "j" * 1025},
    ],
    ids=str,
)
def test_an_assertion_that_says_something_else_is_refused(stage: Stage, changes: dict[str, Any]) -> None:
    assert refusal(stage.asserted(stage.assertion(**changes))) == NOBODY


def test_an_assertion_is_taken_once(stage: Stage) -> None:
    assertion = stage.assertion()
    assert stage.asserted(assertion).status == 200
    assert refusal(stage.asserted(assertion)) == NOBODY
    assert stage.asserted(stage.assertion(jti="again")).status == 200
    assert refusal(stage.asserted(stage.assertion(jti="again", exp=NOW + 90))) == NOBODY


def test_an_assertion_signed_by_another_key_is_refused(stage: Stage) -> None:
    assert refusal(stage.asserted(stage.assertion(new_key("s1")))) == NOBODY
    assert refusal(stage.asserted(stage.assertion(new_key()))) == NOBODY


def test_an_assertion_signed_with_the_public_key_as_a_secret_is_refused(stage: Stage) -> None:
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"s1"}').rstrip(b"=").decode()
    data = f"{head}.{stage.assertion().split('.')[1]}"
    for secret in (stage.signer.as_pem(private=False), stage.signer.as_der(private=False)):
        tag = base64.urlsafe_b64encode(hmac.digest(secret, data.encode(), "sha256")).rstrip(b"=").decode()
        assert refusal(stage.asserted(f"{data}.{tag}")) == NOBODY
        stage.source += "1"


def test_an_assertion_without_a_signature_is_refused(stage: Stage) -> None:
    head, body, _ = stage.assertion().split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    assert refusal(stage.asserted(f"{none}.{body}.")) == NOBODY
    assert refusal(stage.asserted(f"{head}.{body}.")) == NOBODY


def test_a_key_that_an_assertion_brings_along_is_not_looked_at(stage: Stage) -> None:
    key = new_key()
    claims = {"iss": "signer", "sub": "signer", "aud": ISSUER, "exp": NOW + 60, "jti": "x"}
    assert refusal(stage.asserted(signed(claims, key, jwk=key.as_dict(private=False)))) == NOBODY


def test_an_assertion_for_a_client_without_keys_is_refused(stage: Stage) -> None:
    assert refusal(stage.asserted(stage.assertion(iss="robot", sub="robot"))) == NOBODY


def test_an_assertion_of_an_unknown_type_is_refused(stage: Stage) -> None:
    answer = stage.asserted(stage.assertion(), client_assertion_type="urn:other")
    assert refusal(answer) == (400, "invalid_request")

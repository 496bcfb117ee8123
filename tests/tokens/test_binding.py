"""Tokens that only the holder of a key can use."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from typing import Any

import pytest

from tests.tokens.stage import BASE, NOW, Stage, new_key, refusal

WRONG = (400, "invalid_dpop_proof")


def test_a_token_is_bound_to_the_key_of_its_proof(stage: Stage) -> None:
    key = new_key()
    answer = stage.token(headers={"dpop": stage.proof(key)})
    assert answer.body is not None
    assert answer.body["token_type"] == "DPoP"
    assert stage.read(answer)["cnf"] == {"jkt": key.thumbprint()}


def test_a_token_is_bound_to_the_certificate_that_the_gateway_has_seen(stage: Stage) -> None:
    der = b"a certificate in DER"
    answer = stage.token(headers={"client-cert": f":{base64.b64encode(der).decode()}:"})
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
    assert answer.body is not None
    assert answer.body["token_type"] == "Bearer"
    assert stage.read(answer)["cnf"] == {"x5t#S256": thumbprint}


def test_a_token_without_a_proof_is_bound_to_nothing(stage: Stage) -> None:
    assert "cnf" not in stage.read(stage.token())


def test_where_binding_is_required_nothing_is_issued_without_it(stage: Stage) -> None:
    stage.endpoint.take_up(replace(stage.settings(), require_binding=True))
    assert refusal(stage.token()) == (400, "invalid_request")
    assert stage.token(headers={"dpop": stage.proof(new_key())}).status == 200


@pytest.mark.parametrize("htu", [f"{BASE}/token?x=1", f"{BASE}/token#y", "https://api.example.com:443/oauth/token"])
def test_a_proof_names_the_place_in_any_spelling_of_it(stage: Stage, htu: str) -> None:
    assert stage.token(headers={"dpop": stage.proof(new_key(), htu=htu)}).status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"htm": "GET"},
        {"htm": None},
        {"htu": "https://api.example.com/shop"},
        {"htu": "http://api.example.com/oauth/token"},
        {"htu": "https://api.example.com:99999/oauth/token"},
        {"htu": None},
        {"htu": 7},
        {"iat": NOW - 301},
        {"iat": NOW + 31},
        {"iat": None},
        {"iat": "now"},
        {"jti": None},
    ],
    ids=str,
)
def test_a_proof_for_something_else_is_refused(stage: Stage, changes: dict[str, Any]) -> None:
    assert refusal(stage.token(headers={"dpop": stage.proof(new_key(), **changes)})) == WRONG


def test_a_proof_is_taken_once(stage: Stage) -> None:
    proof = stage.proof(new_key())
    assert stage.token(headers={"dpop": proof}).status == 200
    assert refusal(stage.token(headers={"dpop": proof})) == WRONG


def test_a_proof_of_another_type_is_refused(stage: Stage) -> None:
    for typ in ("JWT", "at+jwt"):
        assert refusal(stage.token(headers={"dpop": stage.proof(new_key(), {"typ": typ})})) == WRONG


def test_a_proof_that_shows_another_key_than_it_was_made_with_is_refused(stage: Stage) -> None:
    other = new_key().as_dict(private=False)
    assert refusal(stage.token(headers={"dpop": stage.proof(new_key(), {"jwk": other})})) == WRONG


def test_a_proof_that_gives_its_private_key_away_is_refused(stage: Stage) -> None:
    key = new_key()
    assert refusal(stage.token(headers={"dpop": stage.proof(key, {"jwk": key.as_dict(private=True)})})) == WRONG


@pytest.mark.parametrize("proof", ["", "x", "a.b.c", "..", "e30.e30."])
def test_what_is_no_proof_is_refused(stage: Stage, proof: str) -> None:
    assert refusal(stage.token(headers={"dpop": proof})) == WRONG


@pytest.mark.parametrize("field", ["x", "::", ":!!:", ":QQ==", "QQ=="])
def test_what_is_no_certificate_is_refused(stage: Stage, field: str) -> None:
    assert refusal(stage.token(headers={"client-cert": field}))[0] == 400


def test_where_a_nonce_is_asked_for_a_proof_without_it_is_refused_and_told_it(stage: Stage) -> None:
    stage.endpoint.take_up(replace(stage.settings(), dpop_nonce=True))
    key = new_key()
    refused = stage.token(headers={"dpop": stage.proof(key)})
    assert refusal(refused) == (400, "use_dpop_nonce")
    nonce = refused.headers["dpop-nonce"]
    answer = stage.token(headers={"dpop": stage.proof(key, nonce=nonce)})
    assert (answer.status, answer.headers["dpop-nonce"]) == (200, nonce)
    assert refusal(stage.token(headers={"dpop": stage.proof(key, nonce="guessed")})) == (400, "use_dpop_nonce")
    stage.clock.now += 2 * 150
    old = {"dpop": stage.proof(key, nonce=nonce, iat=int(stage.clock.now))}
    assert refusal(stage.token(headers=old)) == (400, "use_dpop_nonce")


def test_a_caller_that_proves_nothing_is_told_no_nonce(stage: Stage) -> None:
    stage.endpoint.take_up(replace(stage.settings(), dpop_nonce=True))
    assert "dpop-nonce" not in stage.token().headers

"""Agents that act for users: allowed, refused, and told in the token."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokens.stage import ACCESS_TOKEN, IDP, ISSUER, NOW, TOKEN_EXCHANGE, Stage, key_set_of, new_key, refusal
from yett.tokens.exchange import _fits
from yett.tokens.keys import PublicKey, read_key_set
from yett.tokens.settings import Issuer, Ports

DISTRUSTED = (400, "invalid_grant")
NOT_ALLOWED = (400, "unauthorized_client")


def test_an_agent_gets_a_token_for_a_user_that_says_who_acts(stage: Stage) -> None:
    answer = stage.exchange(stage.subject_token())
    claims = stage.read(answer)
    assert answer.body is not None
    assert answer.body["issued_token_type"] == ACCESS_TOKEN
    assert (claims["sub"], claims["sub_iss"], claims["act"]) == ("user-7", IDP, {"sub": "assistant"})
    assert claims["user"] == "user-7"
    assert (claims["client_id"], claims["app"], claims["scope"]) == ("assistant", "assistant-app", "reader")


def test_an_agent_may_act_for_whom_the_token_says_so(stage: Stage) -> None:
    token = stage.subject_token(sub="boss", may_act={"sub": "assistant"})
    assert stage.read(stage.exchange(token))["scope"] == "reader writer"
    assert refusal(stage.exchange(stage.subject_token(sub="boss"))) == NOT_ALLOWED


@pytest.mark.parametrize("may_act", [{"sub": "robot"}, {"sub": "assistant", "iss": "https://x"}, {}, "assistant", []])
def test_a_token_that_names_another_actor_is_not_for_this_one_whatever_the_rules_say(
    stage: Stage, may_act: Any
) -> None:
    assert refusal(stage.exchange(stage.subject_token(may_act=may_act))) == NOT_ALLOWED


def test_a_client_without_rules_may_act_for_nobody(stage: Stage) -> None:
    assert refusal(stage.exchange(stage.subject_token(), "robot")) == NOT_ALLOWED


def test_a_rule_for_one_issuer_is_not_for_the_users_of_another(stage: Stage) -> None:
    other = "https://other.example"
    settings = stage.settings()
    issuers = {**settings.issuers, other: replace(settings.issuers[IDP], name=other)}
    stage.endpoint.take_up(replace(settings, issuers=issuers))
    assert refusal(stage.exchange(stage.subject_token(iss=other))) == NOT_ALLOWED


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://stranger.example"},
        {"iss": None},
        {"iss": ["https://login.example.com"]},
        {"aud": "https://somebody.else"},
        {"aud": None},
        {"exp": NOW - 31},
        {"exp": None},
        {"nbf": NOW + 31},
        {"act": "robot"},
        {"act": {"sub": 7}},
        {"sub": 7},
    ],
    ids=str,
)
def test_a_subject_token_that_cannot_be_believed_is_refused(stage: Stage, changes: dict[str, Any]) -> None:
    assert refusal(stage.exchange(stage.subject_token(**changes))) == DISTRUSTED


def test_a_subject_token_of_a_forger_is_refused(stage: Stage) -> None:
    assert refusal(stage.exchange(stage.subject_token(new_key("idp1")))) == DISTRUSTED
    forged = stage.subject_token(new_key("idp1"), iss=ISSUER)
    assert refusal(stage.exchange(forged)) == DISTRUSTED


def test_a_token_for_another_ends_no_later_than_the_one_it_was_got_for(stage: Stage) -> None:
    claims = stage.read(stage.exchange(stage.subject_token(exp=NOW + 20)))
    assert claims["exp"] == NOW + 20
    assert refusal(stage.exchange(stage.subject_token(exp=NOW - 5))) == DISTRUSTED


def test_the_chain_of_actors_is_kept(stage: Stage) -> None:
    first = stage.exchange(stage.subject_token())
    assert first.body is not None
    claims = stage.read(stage.exchange(str(first.body["access_token"]), "second"))
    assert claims["act"] == {"sub": "second", "act": {"sub": "assistant"}}
    assert (claims["sub"], claims["sub_iss"], claims["user"]) == ("user-7", IDP, "user-7")


def test_an_actor_of_somebody_else_is_kept_with_its_issuer_and_nothing_more(stage: Stage) -> None:
    act = {"sub": "front", "iss": IDP, "note": "x", "act": {"sub": "older"}}
    claims = stage.read(stage.exchange(stage.subject_token(act=act)))
    assert claims["act"] == {"sub": "assistant", "act": {"sub": "front", "iss": IDP, "act": {"sub": "older"}}}


def test_a_chain_without_end_is_refused(stage: Stage) -> None:
    act: dict[str, Any] = {"sub": "a0"}
    for number in range(1, 7):
        act = {"sub": f"a{number}", "act": act}
    assert stage.exchange(stage.subject_token(act=act)).status == 200
    assert refusal(stage.exchange(stage.subject_token(act={"sub": "a7", "act": act}))) == DISTRUSTED


def test_passing_a_token_on_gains_no_scope(stage: Stage) -> None:
    narrow = stage.access_token("robot", scope="writer")
    claims = stage.read(stage.exchange(narrow))
    assert (claims["sub"], claims["scope"]) == ("robot", "writer")
    assert not {"user", "sub_iss"} & claims.keys(), "a program is no user"
    assert refusal(stage.exchange(narrow, scope="reader")) == (400, "invalid_scope")


def test_a_revoked_token_cannot_be_exchanged(stage: Stage) -> None:
    from yett.store import RevokedToken

    token = stage.access_token("robot")
    jti = stage.read(stage.exchange(token))["jti"]
    assert jti
    body = stage.post("/introspect", {"token": token}, stage.basic("shop")).body
    assert body is not None
    stage.store.revoke(RevokedToken(ISSUER, str(body["jti"]), NOW + 300), now=NOW)
    assert refusal(stage.exchange(token)) == DISTRUSTED


@pytest.mark.parametrize(
    "form",
    [
        {"actor_token": "x", "actor_token_type": ACCESS_TOKEN},
        {"subject_token_type": "urn:ietf:params:oauth:token-type:saml2"},
        {"subject_token_type": None},
        {"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
    ],
    ids=str,
)
def test_what_is_not_offered_is_refused(stage: Stage, form: dict[str, Any]) -> None:
    assert refusal(stage.exchange(stage.subject_token(), **form)) == (400, "invalid_request")


def test_a_proof_of_a_users_key_is_no_token_of_the_user(stage: Stage) -> None:
    token = stage.proof(stage.idp, {"kid": "idp1"}, iss=IDP, sub="user-7", aud=ISSUER, exp=NOW + 60)
    assert refusal(stage.exchange(token)) == DISTRUSTED


@given(st.text("ab*", max_size=8), st.text("ab", max_size=8))
def test_a_pattern_fits_what_its_stars_can_stand_for(pattern: str, text: str) -> None:
    import re

    expected = re.fullmatch(pattern.replace("*", ".*"), text) is not None
    assert _fits(pattern, text) == expected


def test_a_token_that_is_bound_to_a_key_is_exchanged_only_by_whoever_proves_the_key(stage: Stage) -> None:
    key, other = new_key(), new_key()
    token = stage.subject_token(cnf={"jkt": key.thumbprint()})
    headers = {**stage.basic("assistant")}
    form = {"grant_type": TOKEN_EXCHANGE, "subject_token": token, "subject_token_type": ACCESS_TOKEN}
    assert refusal(stage.post("/token", form, headers)) == (400, "invalid_grant")
    assert refusal(stage.post("/token", form, {**headers, "dpop": stage.proof(other)})) == (400, "invalid_grant")
    assert stage.post("/token", form, {**headers, "dpop": stage.proof(key)}).status == 200


@pytest.mark.parametrize("cnf", [{}, [], "x", {"jkt": 1}, {"kid": "x"}], ids=str)
def test_a_binding_that_cannot_be_proven_is_refused(stage: Stage, cnf: Any) -> None:
    assert refusal(stage.exchange(stage.subject_token(cnf=cnf))) == (400, "invalid_grant")


def test_keys_of_an_issuer_may_be_fetched(stage: Stage) -> None:
    asked: list[tuple[str, str | None]] = []

    class Fetched:
        def keys(self, source: str, kid: str | None) -> tuple[PublicKey, ...]:
            asked.append((source, kid))
            return read_key_set(key_set_of(stage.idp))

    stage.endpoint._ports = Ports(stage.store, stage, Fetched())
    issuer = Issuer(IDP, (), "https://api.example.com", "yett-tokens-subjects-0")
    stage.endpoint.take_up(replace(stage.settings(), issuers={IDP: issuer}))
    assert stage.exchange(stage.subject_token()).status == 200
    assert asked == [("yett-tokens-subjects-0", "idp1")]

"""Tokens that come back."""

from __future__ import annotations

from tests.tokens.stage import ISSUER, NOW, Stage, new_key, refusal
from yett.errors import StoreError
from yett.store import RevokedToken


def test_a_client_takes_its_token_back(stage: Stage) -> None:
    answer = stage.token("robot")
    claims = stage.read(answer)
    assert answer.body is not None
    assert stage.post("/revoke", {"token": answer.body["access_token"]}, stage.basic("robot")).status == 200
    assert stage.revoked == [(ISSUER, claims["jti"], claims["exp"], "robot")]


def test_a_client_cannot_take_back_the_token_of_another_app(stage: Stage) -> None:
    token = stage.access_token("robot")
    answer = stage.post("/revoke", {"token": token}, stage.basic("shop"))
    assert refusal(answer) == (400, "unauthorized_client")
    assert stage.revoked == []


def test_whoever_proves_nothing_takes_nothing_back(stage: Stage) -> None:
    assert refusal(stage.post("/revoke", {"token": stage.access_token()})) == (401, "invalid_client")
    assert stage.revoked == []


def test_what_is_no_token_of_ours_is_as_good_as_revoked(stage: Stage) -> None:
    for token in ("x", "a.b.c", stage.subject_token(), stage.subject_token(new_key(), iss=ISSUER)):
        assert stage.post("/revoke", {"token": token}, stage.basic("robot")).status == 200
    token = stage.access_token()
    stage.clock.now = NOW + 331
    assert stage.post("/revoke", {"token": token}, stage.basic("robot")).status == 200
    assert stage.revoked == []


def test_a_revocation_that_could_not_be_made_is_not_confirmed(stage: Stage) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    stage.revoke = refuse  # type: ignore[method-assign]
    answer = stage.post("/revoke", {"token": stage.access_token()}, stage.basic("robot"))
    assert refusal(answer) == (503, "temporarily_unavailable")
    assert "disk" not in str(answer.body)


def test_an_owner_of_resources_hears_what_a_good_token_says(stage: Stage) -> None:
    key = new_key()
    answer = stage.token("robot", headers={"dpop": stage.proof(key)})
    claims = stage.read(answer)
    assert answer.body is not None
    told = stage.post("/introspect", {"token": answer.body["access_token"]}, stage.basic("shop"))
    assert told.body == {"active": True, "token_type": "DPoP", **claims}


def test_of_a_token_that_is_not_good_nothing_is_told(stage: Stage) -> None:
    answer = stage.token("robot")
    assert answer.body is not None
    token, jti = answer.body["access_token"], stage.read(answer)["jti"]

    def told(text: object) -> object:
        return stage.post("/introspect", {"token": text}, stage.basic("shop")).body

    assert told("x") == told(stage.subject_token()) == {"active": False}
    stage.store.revoke(RevokedToken(ISSUER, jti, NOW + 300), now=NOW)
    assert told(token) == {"active": False}
    other = stage.access_token("robot")
    stage.clock.now = NOW + 331
    assert told(other) == {"active": False}


def test_a_client_hears_of_its_own_tokens_alone(stage: Stage) -> None:
    token = stage.access_token("robot")
    body = stage.post("/introspect", {"token": token}, stage.basic("robot")).body
    assert body is not None
    assert body["active"] is True
    assert stage.post("/introspect", {"token": token}, stage.basic("second")).body == {"active": False}


def test_the_token_of_a_client_that_is_no_more_is_not_good(stage: Stage) -> None:
    token = stage.access_token("robot")
    settings = stage.settings()
    clients = {name: client for name, client in settings.clients.items() if name != "robot"}
    stage.endpoint.take_up(stage.settings(clients=clients))
    assert stage.post("/introspect", {"token": token}, stage.basic("shop")).body == {"active": False}

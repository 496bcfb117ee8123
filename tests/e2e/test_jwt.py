"""Tokens of an issuer written with a foreign library, through a real gateway: what is let in, and each refusal."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from tests.e2e import shapes
from tests.e2e.client import Answer
from tests.e2e.gateways import Gateway, running
from tests.e2e.recorder import Recorder

ISSUER = "https://id.example"
KEYS: dict[str, ECKey | RSAKey | OKPKey] = {
    "ES256": ECKey.generate_key("P-256", {"kid": "ES256"}),
    "RS256": RSAKey.generate_key(2048, {"kid": "RS256"}),
    "Ed25519": OKPKey.generate_key("Ed25519", {"kid": "Ed25519"}),
}
HOLDER = ECKey.generate_key("P-256")


def settings(recorder: Recorder) -> dict[str, Any]:
    """The small API, open to tokens of an issuer alone."""
    configuration = shapes.settings(recorder.url, identify={"jwt": {"issuers": ["corp"]}})
    configuration["issuers"] = [
        {
            "name": "corp",
            "issuer": ISSUER,
            "jwks": {"file": "corp.jwks.json"},
            "audiences": ["box"],
            "app_from": {"claim": "azp", "map": {"c-1": "owner-app"}},
            "profiles_from": {"claim": "scope", "map": {"all": "owner"}},
        }
    ]
    return configuration


@pytest.fixture
def served(recorder: Recorder, tmp_path: Path, keys: dict[str, str]) -> Iterator[Gateway]:
    folder = tmp_path / "box"
    folder.mkdir()
    published = {"keys": [key.as_dict(private=False) for key in KEYS.values()]}
    (folder / "corp.jwks.json").write_text(json.dumps(published))
    with running(shapes.lay_out(folder, settings(recorder)), keys) as gateway:
        yield gateway


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    made = {"iss": ISSUER, "aud": "box", "sub": "mira", "azp": "c-1", "scope": "all", "iat": now, "exp": now + 60}
    return {name: value for name, value in (made | changes).items() if value is not None}


def token(alg: str = "ES256", key: Any = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
    key = key or KEYS[alg]
    registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
    sent = {"alg": alg, "kid": alg} | (header or {})
    payload = json.dumps(claims(**changes)).encode()
    return jws.serialize_compact(sent, payload, key, algorithms=[alg], registry=registry)


def ask(gateway: Gateway, authorization: str, **headers: str) -> Answer:
    return gateway.client().get("/box/things", {"authorization": authorization, **headers})


@pytest.mark.parametrize("alg", list(KEYS))
def test_a_token_is_accepted_whatever_its_key(served: Gateway, recorder: Recorder, alg: str) -> None:
    assert ask(served, f"Bearer {token(alg)}").status == 200
    assert recorder.requests[-1].values("authorization") == []
    assert recorder.requests[-1].values("yett-app") == ["owner-app"]


REFUSED: dict[str, Any] = {
    "another issuer": {"iss": "https://evil.example"},
    "another audience": {"aud": "shop"},
    "no audience": {"aud": None},
    "no expiry": {"exp": None},
    "not yet": {"nbf": int(time.time()) + 3600},
    "an unknown client": {"azp": "owner-app"},
    "a name that is none": {"sub": "a\nb"},
    "an unknown binding": {"cnf": {"kid": "x"}},
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED)
def test_a_token_that_is_not_as_it_must_be_is_refused(served: Gateway, changes: dict[str, Any]) -> None:
    answer = ask(served, f"Bearer {token(**changes)}")
    assert (answer.status, answer.problem["code"]) == (401, "credential-invalid")
    assert answer.headers["www-authenticate"] == 'Bearer realm="yett", error="invalid_token"'
    assert "detail" not in answer.problem


def test_an_expired_token_says_so(served: Gateway) -> None:
    answer = ask(served, f"Bearer {token(iat=None, exp=int(time.time()) - 60)}")
    assert (answer.status, answer.problem["code"]) == (401, "credential-expired")


def test_a_token_that_carries_too_little_is_refused_as_such(served: Gateway) -> None:
    answer = ask(served, f"Bearer {token(scope='openid')}")
    assert (answer.status, answer.problem["code"]) == (403, "access-denied")
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


def test_forged_tokens_are_refused(served: Gateway) -> None:
    attacker = ECKey.generate_key("P-256", {"kid": "ES256"})
    public = KEYS["RS256"].as_pem(private=False)
    _, payload, _ = token().split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"ES256"}').rstrip(b"=").decode()
    secret = OctKey.import_key(base64.urlsafe_b64encode(public).decode())
    forged = [
        token(key=attacker),
        token(key=attacker, header={"jwk": attacker.as_dict(private=False)}),
        token(key=attacker, header={"jku": "https://evil.example/jwks"}),
        token("HS256", secret, {"kid": "RS256"}),
        f"{none}.{payload}.",
        f"{none}.{payload}.AAAA",
        token(header={"kid": "../../etc/passwd"}),
    ]
    assert [ask(served, f"Bearer {one}").status for one in forged] == [401] * len(forged)


def test_a_request_without_a_token_is_told_how_to_send_one(served: Gateway) -> None:
    answer = served.client().get("/box/things")
    assert (answer.status, answer.problem["code"]) == (401, "credential-missing")
    assert answer.headers["www-authenticate"] == 'Bearer realm="yett"'


def proof(bound: str, port: int, **changes: Any) -> str:
    ath = base64.urlsafe_b64encode(hashlib.sha256(bound.encode()).digest()).rstrip(b"=").decode()
    url = f"http://127.0.0.1:{port}/box/things"
    said = {"htm": "GET", "htu": url, "iat": int(time.time()), "jti": str(time.monotonic_ns()), "ath": ath} | changes
    header = {"alg": "ES256", "typ": "dpop+jwt", "jwk": HOLDER.as_dict(private=False)}
    return jwt.encode(header, said, HOLDER)


def test_a_token_that_is_bound_to_a_key_needs_a_fresh_proof_of_it(served: Gateway) -> None:
    bound = token(cnf={"jkt": HOLDER.thumbprint()})
    good = proof(bound, served.port)
    assert ask(served, f"DPoP {bound}", dpop=good).status == 200
    refused = {
        "replayed": good,
        "another method": proof(bound, served.port, htm="POST"),
        "another URL": proof(bound, served.port, htu=f"http://127.0.0.1:{served.port}/box/open"),
        "another token": proof("another", served.port),
        "old": proof(bound, served.port, iat=int(time.time()) - 90),
    }
    for what, one in refused.items():
        answer = ask(served, f"DPoP {bound}", dpop=one)
        assert (answer.status, answer.problem["code"]) == (401, "proof-invalid"), what
        assert 'error="invalid_dpop_proof"' in answer.headers["www-authenticate"]
    assert ask(served, f"Bearer {bound}").status == 401
    assert ask(served, f"DPoP {bound}").status == 401


def test_a_token_that_is_bound_to_a_certificate_is_worth_nothing_without_one(served: Gateway) -> None:
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"certificate").digest()).rstrip(b"=").decode()
    assert ask(served, f"Bearer {token(cnf={'x5t#S256': digest})}").status == 401

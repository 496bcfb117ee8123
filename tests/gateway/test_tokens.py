"""Tokens, as seen from Python."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.native import NATIVE
from yett.errors import GatewayError, TokenRefusedError
from yett.gateway import Expectations, unverified_issuer, verify_jwt

NOW_S = 1_700_000_000
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
EXPECTED = Expectations("https://id.example", ("books",))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _keys() -> dict[str, Any]:
    return {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": _encoded(KEY.public_key().public_bytes_raw())}]}


def _token(**changes: Any) -> str:
    claims = {"iss": "https://id.example", "aud": ["books"], "sub": "u1", "exp": NOW_S + 60} | changes
    signed = f"{_encoded(json.dumps({'alg': 'EdDSA', 'kid': 'k'}).encode())}.{_encoded(json.dumps(claims).encode())}"
    return f"{signed}.{_encoded(KEY.sign(signed.encode()))}"


@NATIVE
def test_the_claims_of_a_good_token_are_given() -> None:
    claims = verify_jwt(_token(), _keys(), EXPECTED, now_s=NOW_S)
    assert (claims["sub"], claims["exp"]) == ("u1", NOW_S + 60)


@NATIVE
@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"iss": "https://evil.example"}, "issuer"),
        ({"aud": "shop"}, "audience"),
        ({"exp": NOW_S - 31}, "expired"),
        ({"nbf": NOW_S + 31}, "not-yet"),
    ],
)
def test_a_token_that_is_not_as_expected_is_refused_with_the_kind_of_fault(changes: dict[str, Any], kind: str) -> None:
    with pytest.raises(TokenRefusedError) as refused:
        verify_jwt(_token(**changes), _keys(), EXPECTED, now_s=NOW_S)
    assert refused.value.kind == kind


@NATIVE
def test_a_token_is_judged_by_the_time_of_now_unless_it_is_told() -> None:
    with pytest.raises(TokenRefusedError) as refused:
        verify_jwt(_token(), _keys(), EXPECTED)
    assert refused.value.kind == "expired"


@NATIVE
def test_keys_that_cannot_be_used_are_told_apart_from_a_bad_token() -> None:
    with pytest.raises(GatewayError) as refused:
        verify_jwt(_token(), {"keys": []}, EXPECTED)
    assert refused.value.code == "keys-refused"


@NATIVE
def test_who_issued_a_token_can_be_told_before_it_is_verified() -> None:
    assert unverified_issuer(_token()) == "https://id.example"
    assert unverified_issuer("no token") is None

"""Keys and signatures, with a foreign library as the judge."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from tests.tokens.stage import key_set_of, new_key
from yett.errors import SecretError
from yett.tokens.encoding import decode, encode, read_object
from yett.tokens.keys import (
    KeyMistake,
    KeyRing,
    PublicKey,
    new_signing_key,
    read_key_set,
    read_public_key,
    read_signing_key,
)
from yett.tokens.verify import Distrust, take_apart, verify

RSA = RSAKey.generate_key(2048)
CLAIMS: dict[str, Any] = {"iss": "https://i.example", "aud": "here", "exp": 2_000_000_000}


def judged(token: str, *keys: PublicKey) -> dict[str, Any]:
    """The claims of a token that is believed."""
    claims = verify(take_apart(token), keys, issuer=CLAIMS["iss"], audiences=("here",), now=1_900_000_000)
    return dict(claims)


OLD_NAME = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")


@OLD_NAME
@pytest.mark.parametrize("kind", ["ES256", "EdDSA"])
def test_what_we_sign_a_foreign_library_verifies(kind: str) -> None:
    key = read_signing_key(new_signing_key(kind))
    keys = KeySet.import_key_set(KeyRing((key,)).key_set())  # type: ignore[arg-type]
    token = jwt.decode(key.sign({"a": 1}, "at+jwt"), keys, algorithms=[kind])
    assert (token.header["kid"], token.claims) == (key.kid, {"a": 1})


def test_a_key_of_rsa_signs_too() -> None:
    key = read_signing_key(RSA.as_pem(private=True).decode())
    assert key.algorithm == "RS256"
    jwt.decode(key.sign({}, "at+jwt"), RSA, algorithms=["RS256"])


@OLD_NAME
@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ECKey.generate_key("P-256"), "ES256"),
        (OKPKey.generate_key("Ed25519"), "EdDSA"),
        (OKPKey.generate_key("Ed25519"), "Ed25519"),
        (RSA, "RS256"),
        (RSA, "PS256"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_a_foreign_library_signs_we_verify(key: Any, algorithm: str) -> None:
    token = jwt.encode({"alg": algorithm}, CLAIMS, key, algorithms=[algorithm])
    (ours,) = read_key_set(key_set_of(key))
    assert ours.thumbprint == key.thumbprint()
    assert judged(token, ours) == CLAIMS
    for forged in (token[:-8] + ("AAAAAAA" + token[-1]), token + "A", token.replace(".", "..", 1)):
        with pytest.raises(Distrust):
            judged(forged, ours)


def test_the_algorithm_is_the_keys_and_not_the_tokens() -> None:
    token = jwt.encode({"alg": "RS256"}, CLAIMS, RSA, algorithms=["RS256"])
    only_pss = read_public_key(RSA.as_dict(private=False) | {"alg": "PS256"})
    with pytest.raises(Distrust):
        judged(token, only_pss)


def test_a_kid_must_be_the_keys() -> None:
    key = new_key("a")
    ours = read_key_set(key_set_of(key))
    assert judged(jwt.encode({"alg": "ES256", "kid": "a"}, CLAIMS, key), *ours) == CLAIMS
    with pytest.raises(Distrust):
        judged(jwt.encode({"alg": "ES256", "kid": "../a"}, CLAIMS, key), *ours)


@pytest.mark.parametrize("header", [{"crit": ["exp"], "exp": 1}, {"b64": False}, {"crit": []}])
def test_a_header_that_asks_for_what_is_not_understood_is_refused(header: dict[str, Any]) -> None:
    key = new_key()
    head, body = (encode(json.dumps(part).encode()) for part in ({"alg": "ES256", **header}, CLAIMS))
    signature = jws.serialize_compact({"alg": "ES256"}, body, key).rpartition(".")[2]
    with pytest.raises(Distrust):
        judged(f"{head}.{body}.{signature}", *read_key_set(key_set_of(key)))


@pytest.mark.parametrize(
    "members",
    [
        {"kty": "oct", "k": "AAAA"},
        OctKey.generate_key(256).as_dict(private=True),
        new_key().as_dict(private=True),
        ECKey.generate_key("P-384").as_dict(private=False),
        {"kty": "EC", "crv": "P-256", "x": encode(bytes(32)), "y": encode(bytes(32))},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256"},
        {"kty": "OKP", "crv": "X25519", "x": encode(bytes(32))},
        {"kty": "OKP", "crv": "Ed25519", "x": encode(bytes(31))},
        {"kty": "RSA", "n": encode(b"\xff" * 128), "e": "AQAB"},
        {"kty": "RSA", "n": encode(b"\xff" * 2048), "e": "AQAB"},
        {"kty": "RSA", "n": encode(b"\xff" * 256), "e": "AA"},
        new_key().as_dict(private=False) | {"use": "enc"},
        new_key().as_dict(private=False) | {"alg": "HS256"},
        new_key().as_dict(private=False) | {"kid": 7},
        {"kty": []},
        {},
    ],
    ids=lambda one: str(one)[:40],
)
def test_what_is_no_public_key_for_signatures_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(KeyMistake):
        read_public_key(members)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"keys": []}', '{"keys": [7]}', '{"keys": [{}], "keys": [{}]}', "\x00"]
)
def test_what_is_no_key_set_is_refused(text: str) -> None:
    with pytest.raises(KeyMistake):
        read_key_set(text)


def test_a_key_set_with_one_name_for_two_keys_is_refused() -> None:
    with pytest.raises(KeyMistake):
        read_key_set(key_set_of(new_key("a"), new_key("a")))


@pytest.mark.parametrize(
    "pem", ["", "secret", ECKey.generate_key("P-384").as_pem().decode(), RSA.as_pem(private=False).decode()]
)
def test_what_cannot_sign_is_refused_without_being_repeated(pem: str) -> None:
    with pytest.raises(SecretError) as refused:
        read_signing_key(pem)
    assert not pem or pem not in str(refused.value)


@given(st.binary(max_size=64))
def test_base64url_has_one_spelling(data: bytes) -> None:
    text = encode(data)
    assert decode(text) == data
    for other in (text + "=", text + "\n", " " + text):
        with pytest.raises(ValueError, match=r"base64url|spelling"):
            decode(other)


@given(st.text(max_size=100))
def test_any_text_is_a_token_or_is_distrusted(text: str) -> None:
    with pytest.raises(Distrust):
        take_apart(text)


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', '{"a":NaN}', "[]", "1", "{", '{"a":{"b":1,"b":2}}', "[" * 100_000])
def test_json_that_could_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_object(text)

"""JSON Web Tokens, verified by the code that verifies them at the gateway. Nothing in Python checks a signature."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from yett.gateway.native import native, native_errors

Algorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    "ES256", "ES384", "ES512", "EdDSA",
    "HS256", "HS384", "HS512",
]  # fmt: skip
"""A signature algorithm, by its name in a token's header."""


@dataclass(frozen=True, slots=True)
class Expectations:
    """What a token must be. The defaults accept what most issuers send for access.

    `audiences`: it must be for one of them. `algorithms`: empty means every one for public keys; the `HS` ones only
    where they are named. `types`: the `typ` it must have; empty means `JWT`, `at+jwt` or none. `leeway_s`: seconds that
    clocks may differ by. `max_lifetime_s`: longest time from `iat` to `exp`. `required`: claims it must have; a list
    must contain the value, `None` accepts any.
    """

    issuer: str
    audiences: tuple[str, ...]
    algorithms: tuple[Algorithm, ...] = ()
    types: tuple[str, ...] = ()
    leeway_s: int = 30
    max_lifetime_s: int | None = None
    required: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> bytes:
        """`Expectations` of the engine."""
        return json.dumps(
            {
                "issuer": self.issuer,
                "audiences": list(self.audiences),
                "algorithms": list(self.algorithms),
                "types": list(self.types),
                "leeway_s": self.leeway_s,
                "max_lifetime_s": self.max_lifetime_s,
                "required": dict(self.required),
            }
        ).encode("utf-8")


def verify_jwt(
    token: str, keys: Mapping[str, Any], expected: Expectations, *, now_s: int | None = None
) -> Mapping[str, Any]:
    """The claims of a token that is signed by one of `keys` (a JWK Set) and is all that is expected.

    `now_s` is a Unix second; absent means now. Raises `TokenRefusedError` with the kind of fault, and `GatewayError`
    where the keys cannot be used (`keys-refused`).
    """
    with native_errors():
        claims = native().verify_jwt(token, json.dumps(keys).encode("utf-8"), expected.as_json(), now_s)
    verified: Mapping[str, Any] = json.loads(claims)
    return verified


def verify_jws(token: str, keys: Mapping[str, Any]) -> bytes:
    """The payload of a compact JWS that one of `keys` (a JWK Set) has signed, which need not be a token's claims.

    Raises `TokenRefusedError`, and `GatewayError` where the keys cannot be used (`keys-refused`).
    """
    with native_errors():
        payload: bytes = native().verify_jws(token, json.dumps(keys).encode("utf-8"))
    return payload


def unverified_issuer(token: str) -> str | None:
    """Who a token says it is from, to choose the keys it is then verified with. Nothing of it is proven."""
    with native_errors():
        issuer: str | None = native().unverified_issuer(token)
    return issuer

"""An endpoint without sockets, its clients, and a foreign library to make and judge tokens with."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet

from yett.access.client_secrets import new_client_secret
from yett.access.keys import hash_key
from yett.store import Database, TokenStore
from yett.tokens.clients import ASSERTION_TYPE
from yett.tokens.endpoint import CALLER_HEADER, DOOR_HEADER, Answer, Endpoint, Request
from yett.tokens.keys import KeyRing, new_signing_key, read_key_set, read_signing_key
from yett.tokens.settings import Client, Issuer, Ports, Rule, Secret, Settings

NOW = 1_900_000_000
ISSUER = "https://api.example.com/oauth"
BASE = "https://api.example.com/oauth"
IDP = "https://login.example.com"
DOOR = "only-the-gateway-knows"
PEPPER = bytes(range(32))
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


def new_key(kid: str | None = None) -> ECKey:
    """A key pair of the foreign library."""
    return ECKey.generate_key("P-256", {"kid": kid} if kid else None)


def key_set_of(*keys: ECKey) -> str:
    """Their public JWK set."""
    return json.dumps({"keys": [one.as_dict(private=False) for one in keys]})


def signed(claims: Mapping[str, Any], key: ECKey, **header: Any) -> str:
    """A token that the foreign library has signed."""
    return jwt.encode({"alg": "ES256", **header}, dict(claims), key)


@dataclass
class Clock:
    """A clock that is set by hand."""

    now: float = float(NOW)

    def __call__(self) -> float:
        return self.now


@dataclass
class Stage:
    """An endpoint with clients: `robot` (by secret), `signer` (by assertion), `assistant` (acts), `shop` (asks)."""

    clock: Clock = field(default_factory=Clock)
    stopwatch: Clock = field(default_factory=Clock)
    store: TokenStore = field(default_factory=lambda: TokenStore(Database.in_memory()))
    revoked: list[tuple[str, str, int, str]] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=lambda: {one: new_client_secret("test") for one in CLIENTS})
    signer: ECKey = field(default_factory=lambda: new_key("s1"))
    idp: ECKey = field(default_factory=lambda: new_key("idp1"))
    ring: KeyRing = field(default_factory=lambda: KeyRing((read_signing_key(new_signing_key()),)))
    source: str = "192.0.2.1"

    def __post_init__(self) -> None:
        self.endpoint = Endpoint(
            self.settings(), Ports(self.store, self), DOOR, clock=self.clock, stopwatch=self.stopwatch
        )

    def settings(self, **changes: Any) -> Settings:
        """The settings, with `changes`."""
        clients = {
            name: Client(
                name,
                app=f"{name}-app",
                scopes=scopes,
                secrets=(Secret(hash_key(self.secrets[name], PEPPER)),),
                introspect=name == "shop",
            )
            for name, scopes in CLIENTS.items()
        }
        clients["signer"] = Client("signer", "signer-app", ("reader",), keys=read_key_set(key_set_of(self.signer)))
        rules = (
            Rule(subjects=("user-*",), issuers=(IDP,), scopes=("reader",)),
            Rule(subjects=None, issuers=(IDP,)),
            Rule(subjects=("*",), issuers=(ISSUER,)),
        )
        settings: dict[str, Any] = {
            "issuer": ISSUER,
            "base": BASE,
            "audiences": ("https://api.example.com", "https://other.example.com"),
            "lifetime_s": 300,
            "ring": self.ring,
            "pepper": PEPPER,
            "clients": clients,
            "issuers": {IDP: Issuer(IDP, read_key_set(key_set_of(self.idp)), "https://api.example.com")},
            "rules": {"assistant": rules, "second": (Rule(subjects=("*",)),)},
        }
        return Settings(**settings | changes)

    def revoke(self, issuer: str, jti: str, *, expires_at: int, client: str) -> None:
        """Note what was revoked."""
        self.revoked.append((issuer, jti, expires_at, client))

    def post(self, path: str, form: Mapping[str, Any] | str, headers: Mapping[str, str] | None = None) -> Answer:
        """The answer to a form, as it is passed on by the gateway."""
        fields = {
            DOOR_HEADER: DOOR,
            CALLER_HEADER: self.source,
            "content-type": "application/x-www-form-urlencoded",
            **(headers or {}),
        }
        body = form if isinstance(form, str) else urlencode(form, doseq=True)
        return self.endpoint.answer(Request("POST", path, tuple(fields.items()), body.encode()))

    def basic(self, name: str, secret: str | None = None) -> dict[str, str]:
        """The header field of a client with its secret, or with another."""
        pair = f"{name}:{self.secrets[name] if secret is None else secret}"
        return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    def token(self, name: str = "robot", headers: Mapping[str, str] | None = None, **form: Any) -> Answer:
        """The answer to a request for a token with a secret."""
        return self.post(
            "/token", {"grant_type": "client_credentials", **form}, {**self.basic(name), **(headers or {})}
        )

    def access_token(self, name: str = "robot", **form: Any) -> str:
        """A token."""
        answer = self.token(name, **form)
        assert answer.status == 200, answer
        assert answer.body is not None
        return str(answer.body["access_token"])

    def assertion(self, key: ECKey | None = None, **changes: Any) -> str:
        """An assertion of `signer`, with `changes`; a change to `None` leaves a claim out."""
        claims = {
            "iss": "signer",
            "sub": "signer",
            "aud": ISSUER,
            "iat": NOW,
            "exp": NOW + 60,
            "jti": secrets.token_hex(8),
        }
        return signed({k: v for k, v in (claims | changes).items() if v is not None}, key or self.signer)

    def asserted(self, assertion: str, **form: Any) -> Answer:
        """The answer to a request for a token with an assertion."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
            **form,
        }
        return self.post("/token", form)

    def proof(self, key: ECKey, header: Mapping[str, Any] | None = None, **changes: Any) -> str:
        """A DPoP proof for the token endpoint, with `changes` to its claims."""
        claims = {"htm": "POST", "htu": f"{BASE}/token", "iat": NOW, "jti": secrets.token_hex(8)} | changes
        head = {"alg": "ES256", "typ": "dpop+jwt", "jwk": key.as_dict(private=False), **(header or {})}
        return jws.serialize_compact(head, json.dumps({k: v for k, v in claims.items() if v is not None}), key)

    def subject_token(self, key: ECKey | None = None, **changes: Any) -> str:
        """A token of the identity provider for `user-7`, with `changes`."""
        claims = {"iss": IDP, "sub": "user-7", "aud": "https://api.example.com", "iat": NOW, "exp": NOW + 600}
        return signed({k: v for k, v in (claims | changes).items() if v is not None}, key or self.idp, kid="idp1")

    def exchange(self, subject_token: str, name: str = "assistant", **form: Any) -> Answer:
        """The answer to a token exchange."""
        form = {
            "grant_type": TOKEN_EXCHANGE,
            "subject_token": subject_token,
            "subject_token_type": ACCESS_TOKEN,
            **form,
        }
        return self.post("/token", {k: v for k, v in form.items() if v is not None}, self.basic(name))

    def read(self, answer: Answer) -> dict[str, Any]:
        """What the foreign library reads in the token of an answer, with the published keys alone."""
        assert answer.status == 200, answer
        assert answer.body is not None
        keys = KeySet.import_key_set(self.ring.key_set())  # type: ignore[arg-type]
        token = jwt.decode(str(answer.body["access_token"]), keys, algorithms=["ES256"])
        assert token.header["typ"] == "at+jwt"
        return dict(token.claims)


CLIENTS: dict[str, tuple[str, ...]] = {
    "robot": ("reader", "writer"),
    "assistant": ("reader", "writer"),
    "second": ("reader",),
    "shop": (),
}


def refusal(answer: Answer) -> tuple[int, str]:
    """Status and `error` of a refusal, which has no token in it."""
    assert answer.body is not None
    assert "access_token" not in answer.body
    return answer.status, str(answer.body["error"])

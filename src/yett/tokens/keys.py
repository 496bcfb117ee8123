"""Keys: ours that sign, and public ones of others, read strictly. The algorithm belongs to the key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from yett.errors import SecretError
from yett.gateway import Algorithm
from yett.tokens.encoding import decode, encode, read_object

ALGORITHMS: Final[tuple[Algorithm, ...]] = ("ES256", "EdDSA", "PS256", "RS256")
"""What signatures of others may be made with."""

MAX_KEYS: Final = 32
_MIN_RSA_BITS, _MAX_RSA_BITS = 2048, 8192
_P256_BYTES: Final = 32
# Members of a private or a symmetric key (RFC 7518): where a public one is due, somebody has given a secret away.
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_THUMBPRINT: Final = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}

_Public = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey
_Private = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


class KeyMistake(ValueError):
    """A key cannot be used. The message repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key of somebody who signs; `kid` is `None` where it has no name."""

    jwk: Mapping[str, Any]
    algorithms: tuple[Algorithm, ...]
    kid: str | None

    @property
    def thumbprint(self) -> str:
        """SHA-256 thumbprint (RFC 7638)."""
        return thumbprint(self.jwk)

    @property
    def document(self) -> dict[str, Any]:
        """The key as a verifier is told of it, with its name, and its algorithm where it is for one alone."""
        named = {} if self.kid is None else {"kid": self.kid}
        return {**self.jwk, **named, **({"alg": self.algorithms[0]} if len(self.algorithms) == 1 else {})}


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key of ours; its `kid` is its thumbprint, so that no two keys share a name."""

    algorithm: Algorithm
    public: PublicKey
    key: _Private = field(repr=False, compare=False)

    @property
    def kid(self) -> str:
        """Name of the key."""
        return self.public.thumbprint

    def sign(self, claims: Mapping[str, Any], typ: str) -> str:
        """A signed token (RFC 7515, compact)."""
        header = {"alg": self.algorithm, "kid": self.kid, "typ": typ}
        parts = [encode(json.dumps(part, separators=(",", ":")).encode("utf-8")) for part in (header, claims)]
        data = ".".join(parts).encode("ascii")
        return f"{parts[0]}.{parts[1]}.{encode(self._signature(data))}"

    def _signature(self, data: bytes) -> bytes:
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            r, s = decode_dss_signature(self.key.sign(data, ec.ECDSA(SHA256())))
            return r.to_bytes(_P256_BYTES, "big") + s.to_bytes(_P256_BYTES, "big")
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return self.key.sign(data)
        return self.key.sign(data, padding.PKCS1v15(), SHA256())


def read_signing_key(pem: str) -> SigningKey:
    """The key of a PEM text: P-256, Ed25519 or RSA. Raises `SecretError`, whose message repeats nothing of it."""
    hint = "make one with `yett tokens key new`"
    try:
        key = load_pem_private_key(pem.encode("utf-8"), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        message = "this holds no private key in PEM without a password"
        raise SecretError(message, code="tokens-key-invalid", hint=hint) from None
    if isinstance(key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey):
        try:
            public = read_public_key(jwk_of(key.public_key()))
        except KeyMistake as error:
            raise SecretError(f"this key cannot sign tokens: {error}", code="tokens-key-invalid", hint=hint) from None
        # Of the two that RSA can do, RS256 is what RFC 9068 has everybody understand.
        return SigningKey(public.algorithms[-1], public, key)
    message = "this is a key of another kind than P-256, Ed25519 or RSA"
    raise SecretError(message, code="tokens-key-invalid", hint=hint)


def new_signing_key(kind: str = "ES256") -> str:
    """A new private key as PEM, for `ES256` or `EdDSA`."""
    key: _Private = ed25519.Ed25519PrivateKey.generate() if kind == "EdDSA" else ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def jwk_of(key: _Public) -> dict[str, Any]:
    """The members that make a public key (RFC 7517). Raises `KeyMistake` for a curve that is not P-256."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        if not isinstance(key.curve, ec.SECP256R1):
            raise KeyMistake("its curve is not P-256")
        point = key.public_numbers()
        x, y = (encode(number.to_bytes(_P256_BYTES, "big")) for number in (point.x, point.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}
    if isinstance(key, ed25519.Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": encode(key.public_bytes_raw())}
    numbers = key.public_numbers()
    n, e = (encode(number.to_bytes((number.bit_length() + 7) // 8, "big")) for number in (numbers.n, numbers.e))
    return {"kty": "RSA", "n": n, "e": e}


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """SHA-256 thumbprint of a public key (RFC 7638)."""
    members = {name: jwk[name] for name in _THUMBPRINT[jwk["kty"]]}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return encode(hashlib.sha256(text.encode("utf-8")).digest())


def read_public_key(jwk: Mapping[str, Any]) -> PublicKey:
    """The key of a JWK, public members only. Raises `KeyMistake`."""
    if _PRIVATE & jwk.keys():
        raise KeyMistake("it is a private or a symmetric key: only the public part may be given")
    try:
        key, algorithms = _read(jwk)
    except KeyMistake:
        raise
    except (ValueError, TypeError, KeyError, AttributeError):
        raise KeyMistake("its members do not make a key") from None
    wanted = jwk.get("alg")
    if wanted is not None:
        algorithms = tuple(one for one in algorithms if one == wanted)
    if not algorithms or jwk.get("use", "sig") != "sig":
        raise KeyMistake("it is for something else than these signatures")
    kid = jwk.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise KeyMistake("its name is no text")
    return PublicKey(jwk_of(key), algorithms, kid)


def _read(jwk: Mapping[str, Any]) -> tuple[_Public, tuple[Algorithm, ...]]:
    match jwk.get("kty"), jwk.get("crv"):
        case "EC", "P-256":
            x, y = decode(jwk["x"]), decode(jwk["y"])
            if len(x) != _P256_BYTES or len(y) != _P256_BYTES:
                raise KeyMistake("its coordinates have another length")
            return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + x + y), ("ES256",)
        case "OKP", "Ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(decode(jwk["x"])), ("EdDSA",)
        case "RSA", None:
            n, e = (int.from_bytes(decode(jwk[name]), "big") for name in ("n", "e"))
            if not _MIN_RSA_BITS <= n.bit_length() <= _MAX_RSA_BITS:
                raise KeyMistake(f"an RSA key has {_MIN_RSA_BITS} to {_MAX_RSA_BITS} bits")
            return rsa.RSAPublicNumbers(e, n).public_key(), ("PS256", "RS256")
        case _:
            raise KeyMistake("its kind is not P-256, Ed25519 or RSA")


def read_key_set(text: str | bytes) -> tuple[PublicKey, ...]:
    """The keys of a JWK set. Raises `KeyMistake`; one bad key spoils the set, since somebody relies on it."""
    try:
        keys = read_object(text).get("keys")
    except ValueError:
        raise KeyMistake("this is no JWK set") from None
    if not isinstance(keys, list) or not keys or not all(isinstance(one, dict) for one in keys):
        raise KeyMistake("a JWK set has a list `keys`, of one key or more")
    if len(keys) > MAX_KEYS:
        raise KeyMistake(f"a JWK set has at most {MAX_KEYS} keys")
    found = tuple(read_public_key(one) for one in keys)
    names = [one.kid for one in found if one.kid is not None]
    if len(set(names)) != len(names):
        raise KeyMistake("two keys of the set have the same `kid`")
    return found


def read_known_keys(text: bytes) -> tuple[PublicKey, ...]:
    """The keys of a set that somebody publishes for everybody: those of other kinds are left out (RFC 7517 section 5).

    The gateway has fetched it, and refuses a set that is malformed or gives a secret away; then there are none.
    """
    try:
        keys = read_object(text).get("keys")
    except ValueError:
        return ()
    found: list[PublicKey] = []
    for one in keys if isinstance(keys, list) else []:
        with suppress(KeyMistake):
            if isinstance(one, dict):
                found.append(read_public_key(one))
    return tuple(found[:MAX_KEYS])


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Our keys: the first signs, all are published and verified with."""

    keys: tuple[SigningKey, ...]

    @property
    def current(self) -> SigningKey:
        """The key that signs."""
        return self.keys[0]

    @property
    def public(self) -> tuple[PublicKey, ...]:
        """The public parts, each under its name."""
        return tuple(PublicKey(one.public.jwk, (one.algorithm,), one.kid) for one in self.keys)

    def key_set(self) -> dict[str, Any]:
        """The JWK set that is published."""
        return {"keys": [{**one.document, "use": "sig"} for one in self.public]}

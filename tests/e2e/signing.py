"""A signer of HTTP messages (RFC 9421), made from the standard's text and `cryptography`, with nothing of ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

PublicKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@dataclass(frozen=True)
class Key:
    """What signs, and the public half as PEM; empty for a shared secret."""

    algorithm: str
    sign: Callable[[bytes], bytes]
    pem: str = ""


def pem_of(key: PublicKey) -> str:
    """A public key as configuration files have it."""
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, info).decode()


def edwards() -> Key:
    """A new key on Edwards curve 25519."""
    key = ed25519.Ed25519PrivateKey.generate()
    return Key("ed25519", key.sign, pem_of(key.public_key()))


def elliptic() -> Key:
    """A new key on P-256; its signatures are `r` and `s` one after the other."""
    key = ec.generate_private_key(ec.SECP256R1())

    def sign(base: bytes) -> bytes:
        r, s = utils.decode_dss_signature(key.sign(base, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    return Key("ecdsa-p256-sha256", sign, pem_of(key.public_key()))


def rivest() -> Key:
    """A new RSA key."""
    key = rsa.generate_private_key(65_537, 2048)
    scheme = padding.PSS(padding.MGF1(hashes.SHA512()), 64)
    return Key("rsa-pss-sha512", lambda base: key.sign(base, scheme, hashes.SHA512()), pem_of(key.public_key()))


def shared(secret: str) -> Key:
    """A shared secret."""
    return Key("hmac-sha256", lambda base: hmac.digest(secret.encode(), base, "sha256"))


def digest(body: bytes) -> str:
    """`Content-Digest` of a body (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


@dataclass(frozen=True)
class Message:
    """A request as its signer sees it."""

    method: str
    authority: str
    path: str
    query: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    scheme: str = "http"

    def value(self, component: str) -> str:
        """What a component stands for."""
        target = self.path + (f"?{self.query}" if self.query else "")
        derived = {
            "@method": self.method,
            "@authority": self.authority,
            "@path": self.path,
            "@query": f"?{self.query}",
            "@target-uri": f"{self.scheme}://{self.authority}{target}",
        }
        return derived[component] if component.startswith("@") else self.fields[component]


def sign(
    message: Message, key: Key, keyid: str, covers: Sequence[str], *, created: int | None = None, more: str = ""
) -> dict[str, str]:
    """`Signature-Input` and `Signature` of a message."""
    names = " ".join(f'"{name}"' for name in covers)
    parameters = f'({names});created={int(time.time()) if created is None else created};keyid="{keyid}"{more}'
    lines = [f'"{name}": {message.value(name)}' for name in covers]
    base = "\n".join([*lines, f'"@signature-params": {parameters}']).encode()
    signature = base64.b64encode(key.sign(base)).decode()
    return {"signature-input": f"sig={parameters}", "signature": f"sig=:{signature}:"}

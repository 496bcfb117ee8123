"""How apps prove themselves other than by keys, and what APIs accept of it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema, model_validator

from yett.config.sections.base import At, Shape
from yett.config.sections.scalars import Duration, HeaderName, Name, mistake
from yett.config.sections.secrets import FileShape, SecretShape, build_secret
from yett.model.place import Reference
from yett.model.proofs import (
    AppCertificate,
    AppProofs,
    MessageSignature,
    Password,
    SigningAlgorithm,
    SigningKey,
    Webhook,
    WebhookFormat,
)

_PEM: Final = re.compile(r"-----BEGIN ([A-Z ]+)-----\s+([A-Za-z0-9+/=\s]+?)-----END \1-----")
_COMPONENT: Final = re.compile(
    r"@(method|target-uri|authority|scheme|request-target|path|query)|[a-z0-9!#$%&'*+.^_`|~-]+"
)
_OTHER_NAME: Final = re.compile(r"(dns|uri|email):[!-~]+")


def _thumbprint(text: str) -> str:
    digits = text.replace(":", "").lower()
    if re.fullmatch(r"[0-9a-f]{64}", digits):
        return digits
    hint = "`openssl x509 -in client.pem -noout -fingerprint -sha256` prints it"
    raise mistake("thumbprint-invalid", "a thumbprint is the SHA-256 of a certificate, 64 hex digits", hint)


def _other_name(text: str) -> str:
    if _OTHER_NAME.fullmatch(text):
        return text
    hint = "write `dns:orders.example.com`, `uri:spiffe://example/orders` or `email:orders@example.com`"
    raise mistake("san-invalid", "another name of a certificate begins with `dns:`, `uri:` or `email:`", hint)


def _component(text: str) -> str:
    if _COMPONENT.fullmatch(text):
        return text
    hint = "write `@method`, `@target-uri` or the lower-case name of a header field"
    raise mistake("component-invalid", "this is no component that a signature can cover", hint)


def _user(text: str) -> str:
    if ":" not in text and text.isprintable() and len(text.encode()) <= 256:
        return text
    raise mistake("user-invalid", "a user name has at most 256 bytes, no colon and no control character")


Thumbprint = Annotated[
    str, AfterValidator(_thumbprint), WithJsonSchema({"type": "string", "pattern": "^[0-9A-Fa-f:]+$"})
]
"""The SHA-256 of a certificate in hex, with or without colons."""


class CertificateShape(Shape):
    """Client certificates of an app: exactly one of `thumbprint`, `subject` and `san`."""

    thumbprint: Thumbprint | None = None
    """SHA-256 of the certificate: this one and no other."""
    subject: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    """The whole subject as `openssl x509 -subject -nameopt RFC2253` prints it: `CN=orders,O=Example Ltd`."""
    san: Annotated[str, AfterValidator(_other_name), Field(max_length=1024)] | None = None
    """One of its other names: `dns:`, `uri:` (a SPIFFE ID) or `email:` and the name."""
    ca: str | None = None
    """PEM file of the only authorities that it may come from: needed where hosts trust different ones. Absent means
    those of the host that is called."""

    @model_validator(mode="after")
    def _one_name(self) -> CertificateShape:
        if sum(name is not None for name in (self.thumbprint, self.subject, self.san)) != 1:
            raise mistake(
                "certificate-unnamed", "a certificate is named by exactly one of `thumbprint`, `subject` and `san`"
            )
        return self


class SigningKeyShape(Shape):
    """A key that an app signs its requests with."""

    id: Annotated[str, Field(pattern=r"^[!-~]{1,256}$")]
    """What `keyid` of its signatures says; no other key of any app may have it."""
    algorithm: SigningAlgorithm
    """The one algorithm that it is used with, whatever a signature says."""
    public_key: FileShape | None = None
    """PEM file with the public key; not for `hmac-sha256`."""
    secret: SecretShape | None = None
    """The shared secret of at least 16 characters; for `hmac-sha256` alone."""

    @model_validator(mode="after")
    def _one_key(self) -> SigningKeyShape:
        if (self.algorithm == "hmac-sha256") is (self.public_key is not None) or (
            (self.public_key is None) is (self.secret is None)
        ):
            message = "`hmac-sha256` needs a `secret`, every other algorithm a `public_key`, and none needs both"
            raise mistake("signing-key-invalid", message)
        return self


class PasswordShape(Shape):
    """A user name and its password."""

    user: Annotated[str, AfterValidator(_user), StringConstraints(min_length=1)]
    """The user name; no other app may have it."""
    hash: SecretShape
    """Where the argon2id hash of the password is: `yett password hash` prints it."""


class SignatureShape(Shape):
    """Which HTTP Message Signatures (RFC 9421) are accepted."""

    covers: Annotated[list[Annotated[str, AfterValidator(_component)]] | None, Field(min_length=1, max_length=64)] = (
        None
    )
    """What a signature must cover; absent means `@method`, and `@target-uri` or all its parts. `content-digest` is
    needed besides wherever there is a body."""
    max_age: Duration = 300_000
    """Time after `created` for which a signature is accepted."""
    once: bool = False
    """Whether each signature needs a `nonce` and is accepted once."""


class WebhookShape(Shape):
    """Which webhooks are accepted: requests whose body has a keyed hash (HMAC-SHA-256) in a header."""

    app: Name
    """The app that sends them, with `webhook_secrets`."""
    header: HeaderName
    """Header with the hash."""
    format: WebhookFormat = "hex"
    """`hex` or `base64` of the hash over the body, or `timestamped`: `t=<Unix second>,v1=<hex>`, over the second, `.`
    and the body."""
    prefix: Annotated[str, Field(pattern=r"^[!-~]*$", max_length=32)] = ""
    """What stands before the hash: `sha256=`."""
    tolerance: Duration = 300_000
    """How far a timestamp may be from now."""
    keep: bool = False
    """Whether the upstream sees the header."""


def build_proofs(shape: Any, at: At) -> AppProofs:
    """What the app that stands at `at` proves itself with."""
    return AppProofs(
        certificates=tuple(
            _build_certificate(one, at / "certificates" / index) for index, one in enumerate(shape.certificates)
        ),
        signing_keys=tuple(
            _build_signing_key(one, at / "signing_keys" / index) for index, one in enumerate(shape.signing_keys)
        ),
        webhook_secrets=tuple(
            build_secret(one, at / "webhook_secrets" / index) for index, one in enumerate(shape.webhook_secrets)
        ),
        passwords=tuple(
            Password(
                one.user, build_secret(one.hash, at / "passwords" / index / "hash"), (at / "passwords" / index).place
            )
            for index, one in enumerate(shape.passwords)
        ),
    )


def build_signature(shape: SignatureShape) -> MessageSignature:
    """The settings of the method `signature`."""
    covers = None if shape.covers is None else tuple(dict.fromkeys(shape.covers))
    return MessageSignature(covers, max(1, shape.max_age // 1000), shape.once)


def build_webhook(shape: WebhookShape, at: At) -> Webhook:
    """The settings of the method `webhook`, whose app stands at `at`."""
    return Webhook(
        Reference(shape.app, at.place),
        shape.header,
        shape.format,
        shape.prefix,
        max(1, shape.tolerance // 1000),
        shape.keep,
    )


def _build_certificate(shape: CertificateShape, at: At) -> AppCertificate:
    authorities: tuple[str, ...] = ()
    if shape.ca is not None:
        found = _pem(at.path(shape.ca), "CERTIFICATE", at / "ca")
        authorities = tuple(dict.fromkeys(hashlib.sha256(der).hexdigest() for der in found))
    return AppCertificate(shape.thumbprint, shape.subject, shape.san, authorities, at.place)


def _build_signing_key(shape: SigningKeyShape, at: At) -> SigningKey:
    public = None
    if shape.public_key is not None:
        found = _pem(at.path(shape.public_key.file), "PUBLIC KEY", at / "public_key")
        public = base64.b64encode(found[0]).decode("ascii") if found else ""
    secret = None if shape.secret is None else build_secret(shape.secret, at / "secret")
    return SigningKey(shape.id, shape.algorithm, public, secret, at.place)


def _pem(path: str, label: str, at: At) -> list[bytes]:
    """What a PEM file holds of one kind; nothing, and a report, where that is none."""
    text = at.read_text(path)
    if text is None:
        return []
    try:
        found = [
            base64.b64decode("".join(body.split()), validate=True) for kind, body in _PEM.findall(text) if kind == label
        ]
    except binascii.Error:
        found = []
    if not found:
        at.report("pem-invalid", f"`{path}` holds no {label.lower()} in PEM form")
    return found

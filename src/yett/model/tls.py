"""TLS towards callers: what the gateway proves itself with, and what its callers must prove."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from yett.model.place import NOWHERE, Place

TlsVersion = Literal["1.2", "1.3"]
"""The oldest version of TLS that is spoken."""

ClientMode = Literal["required", "optional"]
"""Whether a caller must have a certificate."""


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """PEM files of a certificate chain and its key; no `hosts` means the names that the certificate carries."""

    certificate: str
    key: str
    hosts: tuple[str, ...] = ()
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ClientCertificates:
    """What callers of `hosts`, or of all others, must prove: PEM files of authorities and revocation lists."""

    ca: str
    crl: tuple[str, ...] = ()
    mode: ClientMode = "required"
    hosts: tuple[str, ...] = ()
    forward: bool = False


@dataclass(frozen=True, slots=True)
class Hsts:
    """What browsers are told of coming back without TLS (RFC 6797): to keep to it for `max_age_s` seconds."""

    max_age_s: int = 31_536_000
    include_subdomains: bool = False
    preload: bool = False


@dataclass(frozen=True, slots=True)
class UpstreamTls:
    """How TLS is spoken with an upstream, beyond whom to trust.

    `certificate_pem` and the file `key_file` are what the gateway proves itself with; `server_name` is the name that is
    asked for and must be proved, `None` for the host of the target's URL.
    """

    certificate_pem: str | None = field(default=None, repr=False)
    key_file: str | None = None
    server_name: str | None = None
    min_version: TlsVersion = "1.2"


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS towards callers. `digest` is the SHA-256 of what all files hold, in hex, by which a renewal is noticed."""

    certificates: tuple[CertificateFiles, ...]
    strict_sni: bool = False
    min_version: TlsVersion = "1.2"
    client_certificates: tuple[ClientCertificates, ...] = ()
    hsts: Hsts | None = Hsts()
    digest: str = ""
    place: Place = field(default=NOWHERE, compare=False, repr=False)

"""`gateway.tls`: what the gateway proves itself with, and what its callers must prove."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from yett.config.certificates import pair_mistake
from yett.config.sections.base import At, Shape
from yett.config.sections.scalars import HostPattern, TlsVersion
from yett.config.sections.secrets import FileShape
from yett.model.tls import CertificateFiles, ClientCertificates, Hsts, Tls


class CertificateShape(Shape):
    """A certificate and its key."""

    certificate: str
    """Path of the PEM certificate chain, the leaf first, relative to this file."""
    key: FileShape
    """The PEM private key."""
    hosts: Annotated[list[HostPattern], Field(default_factory=list, max_length=1_000)]
    """Names it is shown for; absent means those it carries."""


class ClientCertificatesShape(Shape):
    """What callers of some hosts, or of all, must prove (mTLS)."""

    ca: str
    """Path of the PEM certificates of the authorities that a caller's certificate must come from."""
    crl: Annotated[list[str], Field(default_factory=list, max_length=1_000)]
    """Paths of PEM revocation lists. With any, a certificate whose status none of them tells is refused, and an expired
    list tells nothing."""
    mode: Literal["required", "optional"] = "required"
    """Whether a caller must have a certificate; one it has must be good in any case."""
    hosts: Annotated[list[HostPattern], Field(default_factory=list, max_length=1_000)]
    """The hosts; absent means all that no other entry names."""
    forward: bool = False
    """Tell the upstream the certificate, as `Client-Cert` (RFC 9440)."""


class HstsShape(Shape):
    """What browsers are told of coming back without TLS (RFC 6797)."""

    max_age: Annotated[int, Field(ge=0, le=10 * 365 * 86_400)] = Hsts().max_age_s
    """Seconds for which a browser that was here keeps to HTTPS; 0 makes it forget."""
    include_subdomains: bool = False
    """For all names below the host too."""
    preload: bool = False
    """Consent to the lists that browsers are built with; needs a year and `include_subdomains`."""


class TlsShape(Shape):
    """What the gateway proves itself with, and what its callers must prove."""

    certificate: str | None = None
    """Path of the PEM certificate chain, relative to this file: with `key`, the short form of one entry of
    `certificates`."""
    key: FileShape | None = None
    """The PEM private key of `certificate`."""
    certificates: Annotated[list[CertificateShape], Field(default_factory=list, max_length=1_000)]
    """Certificates that are chosen by the name a caller asks for. Callers that ask for another, or for none, are shown
    the first."""
    strict_sni: bool = False
    """Refuse callers that ask for no name, or for one that no certificate has."""
    min_version: TlsVersion = "1.2"
    """The oldest version that is spoken: `1.2` or `1.3`."""
    client_certificates: Annotated[
        Annotated[ClientCertificatesShape, Tag("<one>")]
        | Annotated[Annotated[list[ClientCertificatesShape], Field(max_length=100)], Tag("<list>")],
        Discriminator(lambda value: "<list>" if isinstance(value, list) else "<one>"),
        Field(default_factory=list),
    ]
    """What callers must prove: one entry, or a list of entries for different hosts."""
    hsts: Annotated[
        Annotated[Literal["off"], Tag("<off>")] | Annotated[HstsShape, Tag("<settings>")],
        Discriminator(lambda value: "<off>" if isinstance(value, str) else "<settings>"),
    ] = HstsShape()
    """What browsers are told of coming back without TLS; absent means a year for the host itself, `off` nothing."""


@dataclass(slots=True)
class _Files:
    """The files that are read, and what they hold."""

    texts: list[str] = field(default_factory=list)

    def read(self, at: At, path: str) -> str | None:
        text = at.read_text(path)
        self.texts.append(text or "")
        return text

    def digest(self) -> str:
        return hashlib.sha256("\0".join(self.texts).encode("utf-8")).hexdigest()


def build_tls(shape: TlsShape, at: At) -> Tls:
    """The settings that stand at `at`; files that cannot be used are reported."""
    files = _Files()
    certificates = [
        _pair(one.certificate, one.key, tuple(one.hosts), at / "certificates" / index, files)
        for index, one in enumerate(shape.certificates)
    ]
    if shape.certificate is not None and shape.key is not None:
        certificates.insert(0, _pair(shape.certificate, shape.key, (), at, files))
    elif at.has("certificate") != at.has("key"):
        at.report("certificate-incomplete", "`certificate` and `key` go together", "write both")
    elif not certificates and not at.has("certificate") and not at.has("certificates"):
        at.report("certificate-missing", "`tls` has no certificate", "write `certificate` and `key`, or `certificates`")
    return Tls(
        certificates=tuple(certificates),
        strict_sni=shape.strict_sni,
        min_version=shape.min_version,
        client_certificates=_clients(shape, at / "client_certificates", files),
        hsts=_hsts(shape.hsts, at / "hsts"),
        digest=files.digest(),
        place=at.place,
    )


def _pair(name: str, key_shape: FileShape, hosts: tuple[str, ...], at: At, files: _Files) -> CertificateFiles:
    certificate, key = at.path(name), at.path(key_shape.file)
    held = [files.read(at / "certificate", certificate), files.read(at / "key", key)]
    if None not in held and (mistake := pair_mistake(certificate, key)) is not None:
        (at / mistake.setting).report(mistake.code, mistake.message, mistake.hint)
    return CertificateFiles(certificate, key, hosts, at.place)


def _clients(shape: TlsShape, at: At, files: _Files) -> tuple[ClientCertificates, ...]:
    written = shape.client_certificates
    spots = [at / index for index in range(len(written))] if isinstance(written, list) else [at]
    entries = written if isinstance(written, list) else [written]
    seen: set[str] = set()
    for entry, spot in zip(entries, spots, strict=True):
        for host in entry.hosts or ["*"]:
            if host in seen:
                told = "every host" if host == "*" else f"`{host}`"
                spot.report("duplicate-name", f"{told} is asked for certificates twice", "name each host in one entry")
            seen.add(host)
    return tuple(_client(entry, spot, files) for entry, spot in zip(entries, spots, strict=True))


def _client(shape: ClientCertificatesShape, at: At, files: _Files) -> ClientCertificates:
    ca = at.path(shape.ca)
    _expect(files.read(at / "ca", ca), "CERTIFICATE", "ca-invalid", "certificate", ca, at / "ca")
    lists = tuple(at.path(name) for name in shape.crl)
    for index, path in enumerate(lists):
        spot = at / "crl" / index
        _expect(files.read(spot, path), "X509 CRL", "crl-invalid", "revocation list", path, spot)
    return ClientCertificates(ca, lists, shape.mode, tuple(shape.hosts), shape.forward)


def _expect(text: str | None, label: str, code: str, what: str, path: str, at: At) -> None:
    if text is not None and f"-----BEGIN {label}-----" not in text:
        at.report(code, f"`{path}` holds no PEM {what}", f"it must have a line `-----BEGIN {label}-----`")


def _hsts(shape: HstsShape | Literal["off"], at: At) -> Hsts | None:
    if isinstance(shape, str):
        return None
    if shape.preload and not (shape.include_subdomains and shape.max_age >= Hsts().max_age_s):
        hint = f"set `include_subdomains: true` and a `max_age` of {Hsts().max_age_s} or more"
        at.report("hsts-invalid", "lists of browsers take no host without a year and its subdomains", hint)
    return Hsts(shape.max_age, shape.include_subdomains, shape.preload)

"""Whether a gateway can prove itself with a certificate and a key: found out before it starts."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, cast

_MOST_FLIGHTS: Final = 8


class PairMistake(NamedTuple):
    """What is wrong with a pair, and in which of the two files: `certificate` or `key`."""

    setting: str
    code: str
    message: str
    hint: str


def pair_mistake(certificate: str, key: str) -> PairMistake | None:
    """What keeps the PEM files at `certificate` and `key` from being used together, if anything.

    Both must be regular files that can be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_verify_locations(certificate)
    except (ssl.SSLError, OSError):
        hint = "write the chain in PEM, the gateway's own certificate first"
        return PairMistake("certificate", "certificate-invalid", f"`{certificate}` holds no PEM certificate", hint)
    try:
        # A password that is asked for would be asked of whoever sits at the terminal.
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            message = f"`{key}` is not the key of the certificate `{certificate}`"
            return PairMistake("key", "key-mismatch", message, "name the key that the certificate was made for")
        hint = "write the private key in PEM, without a password"
        return PairMistake("key", "private-key-invalid", f"`{key}` holds no private key that can be used", hint)
    except OSError:
        return PairMistake("key", "file-missing", f"cannot read `{key}`", "")
    return None


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says of itself: DNS names, wildcards among them, and the Unix second at which it expires.

    Of one that is not valid now only that is known: `expires_s` is 0 then.
    """

    names: tuple[str, ...]
    expires_s: int


def certificate_facts(certificate: str, key: str) -> CertificateFacts | None:
    """What the certificate of a pair says; `None` where the pair cannot be used.

    The standard library tells it of a peer only: so one end shows the certificate to another, in memory.
    """
    try:
        server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        server.load_cert_chain(certificate, key, password="")
        client.load_verify_locations(certificate)
    except (ssl.SSLError, OSError):
        return None
    client.check_hostname = False
    # The leaf is trusted as it stands: whether callers trust it is not the question.
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        shown = _shown(server, client)
    except ssl.SSLCertVerificationError:
        return CertificateFacts((), 0)
    except ssl.SSLError:
        return None
    names = tuple(str(name) for kind, name in shown.get("subjectAltName", ()) if kind == "DNS")
    return CertificateFacts(names, int(ssl.cert_time_to_seconds(str(shown["notAfter"]))))


def _shown(server: ssl.SSLContext, client: ssl.SSLContext) -> dict[str, Any]:
    """The certificate that a server shows a client."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(to_client, to_server)
    answering = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(_MOST_FLIGHTS):
        waiting = False
        for end in (asking, answering):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                waiting = True
        if not waiting:
            break
    return cast("dict[str, Any]", asking.getpeercert() or {})

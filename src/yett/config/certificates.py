"""Whether a gateway can prove itself with a certificate and a key: found out before it starts."""

from __future__ import annotations

import ssl
from typing import NamedTuple


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

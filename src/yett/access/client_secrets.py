"""Client secrets for the token endpoint: `yettcs_<env>_<random>_<checksum>`, made like API keys.

The name differs from that of API keys, so that neither can be sent in the place of the other.
"""

from __future__ import annotations

import re
import secrets
from typing import Final

from yett.access.keys import ALPHABET, RANDOM_LENGTH, checksum
from yett.errors import KeyFormatError

_ENVIRONMENT: Final = re.compile(r"[a-z0-9]{1,16}")
_SECRET: Final = re.compile(r"(yettcs_[a-z0-9]{1,16}_[0-9A-Za-z]{40})_([0-9A-Za-z]{6})")


def new_client_secret(env: str = "live") -> str:
    """Make a secret from the operating system's randomness (238 bits).

    Raises `KeyFormatError` when `env` is not one to sixteen of `[a-z0-9]`.
    """
    if not _ENVIRONMENT.fullmatch(env):
        message = "the environment of a secret is 1 to 16 of the characters a-z and 0-9"
        raise KeyFormatError(message, hint="try `live` or `test`")
    body = f"yettcs_{env}_" + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return f"{body}_{checksum(body)}"


def check_client_secret(text: str) -> str:
    """`text`, if it is a client secret. Raises `KeyFormatError`, whose message never repeats the text."""
    match = _SECRET.fullmatch(text)
    if match is None or checksum(match[1]) != match[2]:
        message = "this is not a client secret of the form yettcs_<env>_<random>_<checksum>"
        raise KeyFormatError(message, hint="make one with `yett client new`")
    return text

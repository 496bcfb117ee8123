"""API keys: `yett_<env>_<random>_<checksum>`.

The fixed start and the checksum let anybody recognise a leaked key without asking a server; only the keyed hash of a
key is ever stored. The format is shared with the engine: `tests/golden/keys.json` holds vectors that both sides check.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import zlib
from dataclasses import dataclass, field
from typing import Final

from yett.errors import KeyFormatError, SecretError

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_LENGTH: Final = 40
CHECKSUM_LENGTH: Final = 6
PREFIX_RANDOM_LENGTH: Final = 8
PEPPER_MIN_BYTES: Final = 32

_ENVIRONMENT: Final = re.compile(r"[a-z0-9]{1,16}")
_KEY: Final = re.compile(r"yett_([a-z0-9]{1,16})_([0-9A-Za-z]{40})_([0-9A-Za-z]{6})")
_PREFIX: Final = re.compile(r"yett_[a-z0-9]{1,16}_[0-9A-Za-z]{8}")
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_BASE64: Final = re.compile(r"[0-9A-Za-z+/_-]{43,}={0,2}")
_PEPPER_HINT: Final = "make one with `openssl rand -hex 32`"
_LEAK: Final = re.compile(r"yett(?:cs)?_[a-z0-9]{1,16}_[0-9A-Za-z]{40}(?:_[0-9A-Za-z]{1,6})?")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A well-formed key, taken apart. `repr` leaves the secret out."""

    env: str
    random: str = field(repr=False)
    checksum: str = field(repr=False)

    @property
    def text(self) -> str:
        """The whole key, as callers send it. A secret."""
        return f"yett_{self.env}_{self.random}_{self.checksum}"

    @property
    def prefix(self) -> str:
        """The public part a key is looked up by: `yett_<env>_` and eight random characters."""
        return f"yett_{self.env}_{self.random[:PREFIX_RANDOM_LENGTH]}"


def new_key(env: str = "live") -> ApiKey:
    """Make a key from the operating system's randomness (238 bits).

    Raises `KeyFormatError` when `env` is not one to sixteen of `[a-z0-9]`.
    """
    if not _ENVIRONMENT.fullmatch(env):
        raise KeyFormatError(
            "the environment of a key is 1 to 16 of the characters a-z and 0-9", hint="try `live` or `test`"
        )
    random = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return ApiKey(env, random, checksum(f"yett_{env}_{random}"))


def parse_key(text: str) -> ApiKey:
    """Take a key apart and verify its checksum.

    Raises `KeyFormatError`, whose message never repeats the text.
    """
    match = _KEY.fullmatch(text)
    if match is None:
        raise KeyFormatError("this is not an API key of the form yett_<env>_<random>_<checksum>")
    key = ApiKey(*match.groups())
    if key.checksum != checksum(text.rpartition("_")[0]):
        raise KeyFormatError(
            "the checksum of this API key is wrong", hint="it was cut short or mistyped: copy the whole key"
        )
    return key


def is_wellformed(text: str) -> bool:
    """Whether `text` is an API key with a right checksum: what a leak scanner asks."""
    try:
        parse_key(text)
    except KeyFormatError:
        return False
    return True


def is_prefix(text: str) -> bool:
    """Whether `text` has the form of a key's public prefix."""
    return _PREFIX.fullmatch(text) is not None


def is_hash(text: str) -> bool:
    """Whether `text` has the form of a key's keyed hash: 64 lower-case hex digits."""
    return _HASH.fullmatch(text) is not None


def contains_key(text: str) -> bool:
    """Whether something that looks like an API key stands anywhere in `text`, its checksum right or wrong."""
    return _LEAK.search(text) is not None


def mask_keys(text: str) -> str:
    """`text` with everything that looks like an API key replaced by `yett_***`."""
    return _LEAK.sub("yett_***", text)


def checksum(body: str) -> str:
    """CRC-32 (as zlib's) of `body` as six base-62 digits, most significant first."""
    number = zlib.crc32(body.encode("utf-8"))
    digits = []
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def hash_key(key: str, pepper: bytes) -> str:
    """HMAC-SHA-256 (RFC 2104) of the whole key under the pepper, in lower-case hex."""
    return hmac.digest(pepper, key.encode("utf-8"), hashlib.sha256).hex()


def new_pepper() -> str:
    """A fresh pepper of 32 random bytes, as hex."""
    return secrets.token_hex(PEPPER_MIN_BYTES)


def read_pepper(text: str) -> bytes:
    """The bytes of a pepper written as hex, or as base64 in either alphabet, padded or not (RFC 4648).

    Raises `SecretError`, whose message never repeats the text, for anything else and for fewer than 32 bytes.
    """
    pepper = _decode_hex(text) or _decode_base64(text)
    if pepper is None:
        raise SecretError("the pepper is neither hex nor base64", code="pepper-malformed", hint=_PEPPER_HINT)
    if len(pepper) < PEPPER_MIN_BYTES:
        message = f"the pepper has {len(pepper)} bytes, and needs at least {PEPPER_MIN_BYTES}"
        raise SecretError(message, code="pepper-too-short", hint=_PEPPER_HINT)
    return pepper


def _decode_hex(text: str) -> bytes | None:
    return bytes.fromhex(text) if _HEX.fullmatch(text) else None


def _decode_base64(text: str) -> bytes | None:
    if not _BASE64.fullmatch(text):
        return None
    unpadded = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(unpadded + "=" * (-len(unpadded) % 4), validate=True)
    except ValueError:
        return None


def pepper_id(pepper: bytes) -> str:
    """What tells peppers apart without giving them away: 16 hex digits of SHA-256 over a label and the pepper."""
    return hashlib.sha256(b"yett-pepper-id:" + pepper).hexdigest()[:16]

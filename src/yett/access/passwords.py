"""Passwords become argon2id hashes (RFC 9106) that cost their checker time and memory."""

from __future__ import annotations

import secrets
from typing import Final

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from yett.errors import YettError

MEMORY_KIB: Final = 19_456
PASSES: Final = 2
LONGEST: Final = 512


def hash_password(password: str) -> str:
    """The hash of a password in PHC form, with a salt of its own. Raises `YettError` for one that cannot be sent."""
    if not password or len(password.encode()) > LONGEST or not password.isprintable():
        message = f"a password has 1 to {LONGEST} bytes and no control characters"
        raise YettError(message, code="password-invalid")
    salt = secrets.token_bytes(16)
    return Argon2id(salt=salt, length=32, iterations=PASSES, lanes=1, memory_cost=MEMORY_KIB).derive_phc_encoded(
        password.encode()
    )

"""A certificate for the subjects that speak TLS; nobody verifies it, and everybody has the same."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Identity:
    """PEM files."""

    certificate: Path
    key: Path


def make_identity(home: Path) -> Identity:
    """Make a self-signed certificate on P-256 with openssl."""
    identity = Identity(home / "bench.pem", home / "bench.key")
    subject = ["-subj", "/CN=bench.example", "-addext", "subjectAltName=DNS:bench.example"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    files: list[str | Path] = ["-keyout", identity.key, "-out", identity.certificate]
    subprocess.run(["openssl", "req", "-x509", *curve, *subject, *files], check=True, capture_output=True)
    return identity

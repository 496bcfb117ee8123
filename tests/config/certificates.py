"""Certificates for tests, made on the spot: no private key lies in the repository."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

OPENSSL = pytest.mark.skipif(shutil.which("openssl") is None, reason="`openssl`, which makes certificates, is missing")


def make_pair(folder: Path, name: str = "server", password: str | None = None) -> None:
    """Write the self-signed certificate `name.pem` and its key `name.key`, behind `password` if there is one."""
    made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=localhost -days 2"
    command = ["openssl", *made.split(" ")]
    command += ["-nodes"] if password is None else ["-passout", f"pass:{password}"]
    command += ["-out", str(folder / f"{name}.pem"), "-keyout", str(folder / f"{name}.key")]
    subprocess.run(command, check=True, capture_output=True)


def make_list(folder: Path, name: str, days: int) -> None:
    """Write an empty revocation list `name.crl` of the authority `server.pem`, good for so many days."""
    (folder / "index.txt").write_text("")
    (folder / "ca.cnf").write_text(
        f"[ca]\ndefault_ca = it\n[it]\ndatabase = {folder / 'index.txt'}\ndefault_md = sha256\n"
    )
    command = ["openssl", "ca", "-gencrl", "-config", str(folder / "ca.cnf"), "-crldays", str(days)]
    command += ["-cert", str(folder / "server.pem"), "-keyfile", str(folder / "server.key")]
    subprocess.run([*command, "-out", str(folder / f"{name}.crl")], check=True, capture_output=True)

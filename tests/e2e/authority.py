"""A certificate authority made of the `openssl` program: independent of the library that the gateway is built with."""

from __future__ import annotations

import subprocess
from pathlib import Path

_CONFIGURATION = """\
[ca]
default_ca = it
[it]
database = index.txt
crlnumber = crlnumber
default_md = sha256
"""
_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


class Authority:
    """Issues and revokes certificates in a folder of its own."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self.folder = folder
        self.name = name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ca.cnf").write_text(_CONFIGURATION)
        (folder / "index.txt").write_text("")
        (folder / "crlnumber").write_text("01\n")
        self._run("req", "-x509", *_KEY, "-subj", f"/CN={name}", "-days", "2", "-out", "ca.pem", "-keyout", "ca.key")

    @property
    def pem(self) -> Path:
        """The certificate of the authority."""
        return self.folder / "ca.pem"

    def issue(self, name: str, *hosts: str) -> tuple[Path, Path]:
        """Issue a certificate; return it and its key."""
        self._run("req", *_KEY, "-subj", f"/CN={name}", "-out", "request.pem", "-keyout", f"{name}.key")
        (self.folder / "extensions").write_text(
            "subjectAltName=" + ",".join(f"DNS:{host}" for host in hosts or (name,))
        )
        signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "extensions"]
        self._run("x509", "-req", "-in", "request.pem", *signing, "-out", f"{name}.pem")
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def revoke(self, certificate: Path) -> None:
        """Revoke a certificate; the next list says so."""
        self._ca("-revoke", str(certificate))

    def list(self, *dates: str) -> str:
        """A revocation list; `dates` are options of `openssl ca`, without which it is good for a day."""
        self._ca("-gencrl", *(dates or ("-crldays", "1")), "-out", "list.pem")
        return (self.folder / "list.pem").read_text()

    def _ca(self, *arguments: str) -> None:
        self._run("ca", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", *arguments)

    def _run(self, *arguments: str) -> None:
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

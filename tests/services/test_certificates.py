"""Certificates that expire soon, and hosts without one, are warned of."""

from __future__ import annotations

import time
from pathlib import Path

from tests.config.certificates import OPENSSL, make_list, make_pair
from tests.services.places import ENVIRONMENT, SETTINGS, lay_out
from yett.services.assembly import assemble
from yett.services.certificates import SOON_S, certificate_warnings


def secured(folder: Path, hosts: str, tls_hosts: str = "[]") -> str:
    """The shop behind TLS under public hosts."""
    make_pair(folder)
    pair = f"certificate: server.pem, key: {{file: server.key}}, hosts: {tls_hosts}"
    tls = f"gateway: {{tls: {{certificates: [{{{pair}}}]}}, "
    settings = SETTINGS.replace("gateway: {", tls).replace("name: shop, c", f"name: shop, hosts: {hosts}, c")
    return lay_out(folder, settings)


def codes(path: str, now: float) -> list[str]:
    """The warnings at a time."""
    configuration = assemble(path, ENVIRONMENT, create_pepper=True).configuration
    return [one.code for one in certificate_warnings(configuration, now=now)]


@OPENSSL
def test_a_certificate_that_expires_soon_is_warned_of(tmp_path: Path) -> None:
    path, now = secured(tmp_path, "[]"), time.time()
    assert codes(path, now) == ["certificate-expires-soon"]
    assert codes(path, now - SOON_S) == []
    assert codes(path, now + 3 * 86_400) == ["certificate-expired"]


@OPENSSL
def test_a_host_without_a_certificate_is_warned_of(tmp_path: Path) -> None:
    long_ago = time.time() - SOON_S
    assert codes(secured(tmp_path, "[a.example]"), long_ago) == ["certificate-host-mismatch"]
    assert codes(secured(tmp_path, "[a.example]", "['*.example']"), long_ago) == []
    assert codes(secured(tmp_path, "[b.a.example]", "['*.example']"), long_ago) == ["certificate-host-mismatch"]


@OPENSSL
def test_a_revocation_list_that_expires_soon_is_warned_of(tmp_path: Path) -> None:
    path = Path(secured(tmp_path, "[]"))
    make_list(tmp_path, "partners", 5)
    proof = "tls: {client_certificates: {ca: server.pem, crl: [partners.crl]}, "
    path.write_text(path.read_text(encoding="utf-8").replace("tls: {", proof), encoding="utf-8")
    now = time.time() - SOON_S
    lists = [codes(str(path), at) for at in (now, now + SOON_S + 4.5 * 86_400, now + SOON_S + 6 * 86_400)]
    assert lists == [[], ["crl-expires-soon", "certificate-expired"], ["crl-expired", "certificate-expired"]]


@OPENSSL
def test_the_warnings_come_with_the_others_and_stop_nothing(tmp_path: Path) -> None:
    assembly = assemble(secured(tmp_path, "[a.example]"), ENVIRONMENT, create_pepper=True)
    assert {"certificate-expires-soon", "certificate-host-mismatch"} <= {one.code for one in assembly.diagnostics}
    assert assembly.sound

"""`gateway.tls` and the listeners: what is read, and what is refused before a gateway starts."""

from __future__ import annotations

import re
import ssl
import subprocess
from pathlib import Path

import pytest

from tests.config.certificates import OPENSSL, make_pair
from tests.config.files import BOOKSHOP, load, mistakes, only_mistake
from yett.compile.upstreams import compile_upstream_tls
from yett.config import CertificateFacts, certificate_facts, load_configuration
from yett.model.gateway import GatewaySettings, Listener
from yett.model.tls import CertificateFiles, ClientCertificates, Hsts, Tls, UpstreamTls


def settings(text: str) -> str:
    """The bookshop behind a gateway with these settings."""
    return BOOKSHOP.replace('gateway: {listen: "127.0.0.1:8080", workers: 2}', f"gateway: {{{text}}}")


def gateway(folder: Path, text: str) -> GatewaySettings:
    """The settings as they are read."""
    loaded = load(folder, settings(text))
    assert loaded.diagnostics == ()
    return loaded.configuration.gateway


PAIR = "certificate: server.pem, key: {file: server.key}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a certificate and its key."""
    make_pair(tmp_path)
    return tmp_path


@OPENSSL
def test_the_short_form_is_one_certificate_with_safe_defaults(folder: Path) -> None:
    tls = gateway(folder, f"tls: {{{PAIR}}}").tls
    assert tls is not None
    files = CertificateFiles(str(folder / "server.pem"), str(folder / "server.key"))
    assert (tls.certificates, tls.min_version, tls.strict_sni) == ((files,), "1.2", False)
    assert (tls.client_certificates, tls.hsts) == ((), Hsts(31_536_000))


@OPENSSL
def test_every_setting_is_read(folder: Path) -> None:
    tls = gateway(
        folder,
        f"tls: {{certificates: [{{{PAIR}, hosts: ['*.Shop.Example']}}], strict_sni: true, min_version: 1.3,"
        " client_certificates: {ca: server.pem, mode: optional, hosts: [a.example], forward: true}, hsts: off}",
    ).tls
    assert tls is not None
    files = CertificateFiles(str(folder / "server.pem"), str(folder / "server.key"), ("*.shop.example",))
    clients = ClientCertificates(str(folder / "server.pem"), (), "optional", ("a.example",), forward=True)
    assert tls == Tls((files,), True, "1.3", (clients,), None, tls.digest)


@OPENSSL
def test_a_renewed_authority_is_another_setting(folder: Path) -> None:
    make_pair(folder, "ca")
    text = f"tls: {{{PAIR}, client_certificates: {{ca: ca.pem}}}}"
    before = gateway(folder, text).tls
    make_pair(folder, "ca")
    assert gateway(folder, text).tls != before


@OPENSSL
@pytest.mark.parametrize(
    ("text", "code", "pointer"),
    [
        ("tls: {certificate: server.pem}", "certificate-incomplete", "/gateway/tls"),
        ("tls: {}", "certificate-missing", "/gateway/tls"),
        (
            f"tls: {{{PAIR}, client_certificates: {{ca: server.key}}}}",
            "ca-invalid",
            "/gateway/tls/client_certificates/ca",
        ),
        (
            f"tls: {{{PAIR}, client_certificates: {{ca: server.pem, crl: [server.pem]}}}}",
            "crl-invalid",
            "/gateway/tls/client_certificates/crl/0",
        ),
        (
            f"tls: {{{PAIR}, client_certificates: [{{ca: server.pem, hosts: [a]}}, {{ca: server.pem, hosts: [a]}}]}}",
            "duplicate-name",
            "/gateway/tls/client_certificates/1",
        ),
        (f"tls: {{{PAIR}, hsts: {{max_age: 60, preload: true}}}}", "hsts-invalid", "/gateway/tls/hsts"),
        (f'listen: [{{address: "127.0.0.1:1", tls: false}}], tls: {{{PAIR}}}', "tls-unused", "/gateway/tls"),
        ('listen: [{address: "127.0.0.1:1", tls: true}]', "certificate-missing", "/gateway/listen/0"),
        ('listen: [{address: "127.0.0.1:1", proxy_protocol: true}]', "proxies-missing", "/gateway/listen/0"),
        ('redirect_http: "127.0.0.1:1"', "certificate-missing", "/gateway/redirect_http"),
        ("acme_challenges: .", "redirect-missing", "/gateway/acme_challenges"),
        ("redirect_port: 443", "redirect-missing", "/gateway/redirect_port"),
        ('proxy_protocol_from: ["10.0.0.1/8"]', "network-invalid", "/gateway/proxy_protocol_from/0"),
        (
            f'redirect_http: "127.0.0.1:1", acme_challenges: nowhere, tls: {{{PAIR}}}',
            "folder-missing",
            "/gateway/acme_challenges",
        ),
        ('listen: ["127.0.0.1:1"], telemetry: "127.0.0.1:1"', "address-taken", "/gateway"),
    ],
)
def test_what_cannot_be_meant_is_told_where_it_stands(folder: Path, text: str, code: str, pointer: str) -> None:
    found = only_mistake(folder, settings(text))
    assert (found.code, found.pointer) == (code, pointer)


@OPENSSL
@pytest.mark.parametrize(
    "text", ["min_version: '1.1'", "client_certificates: {ca: server.pem, mode: maybe}", "hsts: on"]
)
def test_values_that_are_none_are_refused(folder: Path, text: str) -> None:
    assert mistakes(folder, settings(f"tls: {{{PAIR}, {text}}}")) != []


def test_a_bypass_of_verification_is_no_setting(tmp_path: Path) -> None:
    upstream = "{targets: [{url: 'https://a.internal'}], insecure_skip_verify: true}"
    (found,) = mistakes(tmp_path, BOOKSHOP.replace("http://127.0.0.1:9000", upstream))
    assert found.code == "unknown-key"


def test_listeners_may_be_several(tmp_path: Path) -> None:
    text = 'listen: ["127.0.0.1:1", {address: "127.0.0.1:2", tls: false, proxy_protocol: true}],'
    found = gateway(tmp_path, f"{text} proxy_protocol_from: [10.0.0.0/8]")
    assert found.listen == (Listener("127.0.0.1:1"), Listener("127.0.0.1:2", False, True))
    assert found.proxy_protocol_from == ("10.0.0.0/8",)


def test_trusted_proxies_may_write_headers_where_nobody_else_is_named(tmp_path: Path) -> None:
    listen = 'listen: [{address: "127.0.0.1:2", proxy_protocol: true}], trusted_proxies: ["10.0.0.0/8"]'
    assert gateway(tmp_path, listen).proxy_protocol_from == ("10.0.0.0/8",)
    assert gateway(tmp_path, f"{listen}, proxy_protocol_from: [10.0.0.7]").proxy_protocol_from == ("10.0.0.7/32",)


@OPENSSL
def test_a_certificate_tells_its_names_and_expiry(folder: Path) -> None:
    command = (
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=a -days 9 -nodes -out a.pem -keyout a.key"
    )
    names = ["-addext", "subjectAltName=DNS:a.example,DNS:*.b.example"]
    subprocess.run(["openssl", *command.split(" "), *names], check=True, capture_output=True, cwd=folder)
    facts = certificate_facts(str(folder / "a.pem"), str(folder / "a.key"))
    assert facts is not None
    assert facts.names == ("a.example", "*.b.example")
    shown = subprocess.run(
        ["openssl", "x509", "-in", "a.pem", "-noout", "-enddate"],
        check=True,
        capture_output=True,
        text=True,
        cwd=folder,
    )
    assert facts.expires_s == ssl.cert_time_to_seconds(shown.stdout.strip().removeprefix("notAfter="))


@OPENSSL
def test_an_expired_certificate_is_known_to_be_invalid(folder: Path) -> None:
    command = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=a -nodes -out a.pem -keyout a.key"
    dates = ["-not_before", "20200101000000Z", "-not_after", "20200102000000Z"]
    made = subprocess.run(["openssl", *command.split(" "), *dates], capture_output=True, cwd=folder, check=False)
    if made.returncode != 0:
        pytest.skip("this `openssl` makes no certificates of the past")
    assert certificate_facts(str(folder / "a.pem"), str(folder / "a.key")) == CertificateFacts((), 0)


def before(upstream: str) -> str:
    """The bookshop before this upstream."""
    return BOOKSHOP.replace("http://127.0.0.1:9000", f"{{targets: [{{url: 'https://a.internal'}}], {upstream}}}")


@OPENSSL
def test_what_is_proved_to_an_upstream_is_read_without_the_key(folder: Path) -> None:
    own = f"client_certificate: {{{PAIR}}}, server_name: Books.Internal, min_tls_version: 1.3"
    loaded = load(folder, before(own))
    assert loaded.diagnostics == ()
    tls = loaded.configuration.apis[0].upstream.tls
    pem, key = (folder / "server.pem").read_text(), str(folder / "server.key")
    assert tls == UpstreamTls(pem, key, "books.internal", "1.3")
    compiled = compile_upstream_tls(tls)
    assert compiled["client_certificate"] == {"certificate_pem": pem, "key_file": key}
    assert "PRIVATE KEY" not in str(compiled)
    assert str(folder / "server.key") in loaded.files


@OPENSSL
def test_what_proves_nothing_to_an_upstream_is_told_where_it_stands(folder: Path) -> None:
    make_pair(folder, "other")
    wrong = "client_certificate: {certificate: server.pem, key: {file: other.key}}"
    found = only_mistake(folder, before(wrong))
    assert (found.code, found.pointer) == ("key-mismatch", "/apis/0/upstream/client_certificate/key")
    plain = before("server_name: books.internal").replace("https://a.internal", "http://a.internal")
    found = only_mistake(folder, plain)
    assert (found.code, found.pointer) == ("upstream-plain", "/apis/0/upstream/server_name")


PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "tls.md"
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@OPENSSL
@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_examples_of_the_page_are_sound(folder: Path, example: str) -> None:
    make_pair(folder, "shop")
    make_pair(folder, "partners-ca")
    (folder / "partners.crl").write_text("-----BEGIN X509 CRL-----\n-----END X509 CRL-----\n")
    (folder / "webroot").mkdir()
    assert mistakes(folder, f"yett: 1\n{example}") == []


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) >= 6


def test_proxies_that_no_listener_hears_are_warned_of(folder: Path) -> None:
    (folder / "yett.yaml").write_text('yett: 1\ngateway: {proxy_protocol_from: ["10.0.0.7"]}\n')
    (found,) = load_configuration(str(folder / "yett.yaml")).diagnostics
    assert (found.code, found.severity, found.pointer) == ("proxies-unused", "warning", "/gateway/proxy_protocol_from")


def test_half_of_a_pair_that_is_written_badly_is_told_of_once(folder: Path) -> None:
    (folder / "yett.yaml").write_text("yett: 1\ngateway: {tls: {certificate: server.pem, key: 7}}\n")
    found = load_configuration(str(folder / "yett.yaml")).diagnostics
    assert {one.pointer for one in found} == {"/gateway/tls/key"}, found

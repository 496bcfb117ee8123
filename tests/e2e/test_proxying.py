"""What passes between the sides is written anew: identity, addresses, errors, places."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import shapes
from tests.e2e.client import Client
from tests.e2e.gateways import running
from tests.e2e.recorder import Recorder, answer

pytestmark = pytest.mark.e2e

# SubjectPublicKeyInfo (RFC 8410) of an Ed25519 key: all but its 32 bytes.
_SPKI = bytes.fromhex("302a300506032b6570032100")


def decoded(part: str) -> bytes:
    """Base64url without padding."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def exposed(upstream: Recorder, **api: Any) -> dict[str, Any]:
    """The usual configuration, behind a proxy on this machine and with an issuer."""
    settings = shapes.settings(upstream.url, **api)
    settings["gateway"] |= {
        "trusted_proxies": ["127.0.0.0/8"],
        "identity": {"issuer": "https://gateway.example", "jwks": "/.well-known/jwks.json"},
    }
    return settings


def test_the_upstream_can_prove_who_calls_with_another_library(
    recorder: Recorder, keys: dict[str, str], tmp_path: Path
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    shapes.lay_out(tmp_path, exposed(recorder, upstream_identity={"audience": "box"}))
    with running(tmp_path, keys) as gateway:
        forged = {"yett-identity": "forged"}
        assert gateway.client("owner").get("/box/things/1", forged).status == 200
        token = recorder.requests[-1].values("yett-identity")[0]
        assert gateway.client().get("/box/open", forged).status == 200
        assert recorder.requests[-1].values("yett-identity") == []
        sets = [Client(port).get("/.well-known/jwks.json").json for port in (gateway.port, gateway.telemetry)]
    key_file = tmp_path / ".yett" / "identity-key.pem"
    assert key_file.stat().st_mode & 0o077 == 0
    assert sets[0] == sets[1]
    assert all("d" not in key for key in sets[0]["keys"])
    head, claims, signature = token.split(".")
    key = {one["kid"]: one for one in sets[0]["keys"]}[json.loads(decoded(head))["kid"]]
    told = json.loads(decoded(claims))
    expected = {"iss": "https://gateway.example", "aud": "box", "sub": "owner-app", "team": "crew"}
    assert expected.items() <= told.items()
    assert (told["operation"], told["profiles"], told["exp"] - told["iat"]) == ("box:getThing", ["owner"], 60)
    files = {"public.der": _SPKI + decoded(key["x"]), "signed": f"{head}.{claims}".encode(), "sig": decoded(signature)}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    verify = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "public.der", "-keyform", "DER", "-rawin"]
    command = [*verify, "-in", "signed", "-sigfile", "sig"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=30, check=False).returncode == 0
    (tmp_path / "signed").write_bytes(files["signed"][:-1] + b"x")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=30, check=False).returncode != 0


def test_an_address_is_believed_from_a_trusted_proxy_and_told_in_the_event(
    recorder: Recorder, keys: dict[str, str], tmp_path: Path
) -> None:
    shapes.lay_out(tmp_path, exposed(recorder))
    with running(tmp_path, keys) as gateway:
        chain = {"x-forwarded-for": "6.6.6.6, 203.0.113.9", "x-forwarded-proto": "https"}
        told = gateway.client("owner").get("/box/things/1", chain)
        assert recorder.requests[-1].values("x-forwarded-for") == ["203.0.113.9"]
        assert recorder.requests[-1].values("x-forwarded-proto") == ["https"]
        event = gateway.event(told.headers["yett-decision"])
        assert event["address"] == "203.0.113.0"
        assert recorder.requests[-1].values("traceparent") == [f"00-{event['trace']}-{event['span']}-03"]
        contradiction = {**chain, "forwarded": "for=6.6.6.6"}
        refused = gateway.client("owner").get("/box/things/1", contradiction)
        assert refused.problem["code"] == "request-malformed"


def test_a_stack_trace_never_reaches_the_caller(recorder: Recorder, keys: dict[str, str], tmp_path: Path) -> None:
    recorder.answering = lambda _: answer(
        500, b"Traceback: secret.py line 7", "content-type: text/plain", "x-boom: secret"
    )
    shapes.lay_out(tmp_path, shapes.settings(recorder.url))
    with running(tmp_path, keys) as gateway:
        told = gateway.client("owner").get("/box/things/1")
    assert (told.status, told.problem["code"]) == (500, "upstream-error")
    assert b"secret" not in told.body
    assert "x-boom" not in told.headers


def test_places_and_cookies_are_told_by_their_public_names(
    recorder: Recorder, keys: dict[str, str], tmp_path: Path
) -> None:
    places = [
        f"location: {recorder.url}/things/8",
        "set-cookie: a=1; Path=/things; Domain=books.internal",
        "server: x/1",
    ]
    recorder.answering = lambda _: answer(200, None, *places)
    shapes.lay_out(tmp_path, shapes.settings(recorder.url))
    with running(tmp_path, keys) as gateway:
        told = gateway.client("owner").get("/box/things/1")
    assert told.headers["location"] == "/box/things/8"
    assert told.headers["set-cookie"] == "a=1; Path=/box/things; HttpOnly; SameSite=Lax"
    assert "server" not in told.headers

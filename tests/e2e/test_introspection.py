"""Opaque tokens, end to end: an issuer under uvicorn says what they are worth."""

from __future__ import annotations

import json
import time
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.e2e import shapes
from tests.e2e.gateways import YETT, Gateway, find_ports, started
from tests.e2e.recorder import Recorder
from tests.e2e.test_callout import serving

SECRET = "hush & hush"


class Bank:
    """An issuer that knows tokens, and whom it tells of them."""

    def __init__(self) -> None:
        """Begin without tokens."""
        self.tokens: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer RFC 7662."""
        if scope["type"] != "http":
            return
        body = (await receive())["body"]
        proof = dict(scope["headers"]).get(b"authorization", b"").removeprefix(b"Basic ")
        known = b64decode(proof) == b"gateway:hush+%26+hush"
        token = parse_qs(body.decode())["token"][0]
        self.asked.append(token)
        said = {"active": True, **self.tokens[token]} if token in self.tokens else {"active": False}
        status = 200 if known else 401
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(said).encode()})


@pytest.fixture
def bank() -> Bank:
    """The issuer."""
    return Bank()


@pytest.fixture
def box(bank: Bank, recorder: Recorder, tmp_path: Path) -> Iterator[Gateway]:
    """The small API, which takes the tokens of the bank."""
    with serving(bank) as port:
        settings = shapes.settings(recorder.url, identify={"introspection": {"issuer": "bank"}})
        settings["issuers"] = [
            {
                "name": "bank",
                "issuer": "https://bank.example",
                "audiences": ["box"],
                "app": "owner-app",
                "introspection": {
                    "url": f"http://127.0.0.1:{port}/introspect",
                    "plain_http": True,
                    "client_id": "gateway",
                    "client_secret": {"env": "BANK_SECRET"},
                },
            }
        ]
        for app in settings["apps"]:
            app.pop("keys", None)
        folder = shapes.lay_out(tmp_path / "box", settings)
        with started([YETT, "run", folder], folder, {"BANK_SECRET": SECRET}, folder / "access.log") as gateway:
            find_ports(gateway)
            yield gateway


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"authorization": f"Bearer {token}"}


def test_a_token_is_worth_what_its_issuer_says_and_never_logged(box: Gateway, bank: Bank, recorder: Recorder) -> None:
    bank.tokens["opaque-token"] = {"aud": "box", "exp": int(time.time()) + 60, "sub": "mira"}
    for _ in range(3):
        assert box.client().call("GET", "/box/things", None, bearer("opaque-token")).status == 200
    assert bank.asked == ["opaque-token"]
    assert recorder.requests[-1].values("authorization") == []
    refused = box.client().call("GET", "/box/things", None, bearer("unknown-token"))
    assert (refused.status, refused.problem["code"]) == (401, "credential-invalid")
    box.event(refused.problem["decision"])
    said = box.log.read_text() + box.said()
    assert "opaque-token" not in said
    assert "unknown-token" not in said
    assert "hush" not in said


def test_a_token_for_others_is_refused(box: Gateway, bank: Bank) -> None:
    bank.tokens["theirs"] = {"aud": "another", "exp": int(time.time()) + 60}
    bank.tokens["old"] = {"aud": "box", "exp": int(time.time()) - 3600}
    assert box.client().call("GET", "/box/things", None, bearer("theirs")).status == 401
    assert box.client().call("GET", "/box/things", None, bearer("old")).status == 401
    assert box.client().call("GET", "/box/things").status == 401

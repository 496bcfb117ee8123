"""HTTP Message Signatures as identity, made by a signer of its own against the real gateway."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import shapes, signing
from tests.e2e.client import Answer
from tests.e2e.gateways import Gateway, running
from tests.e2e.recorder import Recorder

SECRET = "a secret that both sides have"
BODY = json.dumps({"name": "lamp"}).encode()
WHOLE = ("@method", "@target-uri", "content-digest")


@contextmanager
def serving(folder: Path, recorder: Recorder, keys: dict[str, str], key: signing.Key, method: Any) -> Iterator[Gateway]:
    """The small API, whose owner signs with a key."""
    settings = shapes.settings(recorder.url, identify=method)
    laid = shapes.lay_out(folder / "box", settings)
    spelled: dict[str, Any] = {"id": "lamp-key", "algorithm": key.algorithm}
    (laid / "key.pem").write_text(key.pem)
    (laid / "secret").write_text(SECRET)
    spelled |= {"public_key": {"file": "key.pem"}} if key.pem else {"secret": {"file": "secret"}}
    settings["apps"][0]["signing_keys"] = [spelled]
    shapes.lay_out(laid, settings)
    with running(laid, keys) as gateway:
        yield gateway


def send(
    gateway: Gateway,
    key: signing.Key,
    *,
    body: bytes = BODY,
    sent: bytes | None = None,
    covers: tuple[str, ...] = WHOLE,
    **terms: Any,
) -> Answer:
    """Sign a request with `body` and send it, perhaps with another."""
    fields = {"content-type": "application/json", "content-digest": signing.digest(body)}
    message = signing.Message("POST", f"127.0.0.1:{gateway.port}", "/box/things", fields=fields)
    signature = signing.sign(message, key, terms.pop("keyid", "lamp-key"), covers, **terms)
    return gateway.client().call("POST", "/box/things", body if sent is None else sent, {**fields, **signature})


@pytest.mark.parametrize(
    "make",
    [signing.edwards, signing.elliptic, signing.rivest, lambda: signing.shared(SECRET)],
    ids=["ed25519", "p256", "rsa", "hmac"],
)
def test_a_signed_request_is_its_apps_and_a_changed_one_nobodys(
    tmp_path: Path, recorder: Recorder, keys: dict[str, str], make: Callable[[], signing.Key]
) -> None:
    key = make()
    with serving(tmp_path, recorder, keys, key, ["signature"]) as gateway:
        answer = send(gateway, key)
        assert answer.status == 200, answer.body
        (arrived,) = recorder.requests
        assert arrived.values("yett-app") == ["owner-app"]
        assert arrived.values("signature") == arrived.values("signature-input") == []
        assert arrived.body == BODY
        assert gateway.event(answer.headers["yett-decision"])["app"] == "owner-app"
        for refused in [
            send(gateway, key, sent=json.dumps({"name": "bomb"}).encode()),
            send(gateway, key, covers=("@method", "@target-uri")),
            send(gateway, key, covers=("@target-uri", "content-digest")),
            send(gateway, key, created=int(time.time()) - 400),
            send(gateway, key, created=int(time.time()) + 90),
            send(gateway, key, more=f";expires={int(time.time()) - 5}"),
            send(gateway, key, more=';alg="none"'),
            send(gateway, key, keyid="other-key"),
            send(gateway, signing.shared("another secret of this length")),
        ]:
            assert refused.status == 401, refused.body
            assert refused.headers["www-authenticate"].startswith("Signature")
        assert len(recorder.requests) == 1


def test_a_signature_is_accepted_once_where_that_is_wanted(
    tmp_path: Path, recorder: Recorder, keys: dict[str, str]
) -> None:
    key = signing.edwards()
    with serving(tmp_path, recorder, keys, key, {"signature": {"once": True, "max_age": "1m"}}) as gateway:
        assert send(gateway, key, more=';nonce="1"').status == 200
        assert send(gateway, key, more=';nonce="1"').status == 401
        assert send(gateway, key, more=';nonce="2"').status == 200
        assert send(gateway, key).status == 401
        assert send(gateway, key, created=int(time.time()) - 70, more=';nonce="3"').status == 401


def test_a_key_and_a_signature_must_agree_where_that_is_wanted(
    tmp_path: Path, recorder: Recorder, keys: dict[str, str]
) -> None:
    key = signing.edwards()
    with serving(tmp_path, recorder, keys, key, {"api-key": None, "signature": None, "combine": "all"}) as gateway:
        fields = {"x-api-key": keys["owner"]}
        message = signing.Message("GET", f"127.0.0.1:{gateway.port}", "/box/things")
        signed = signing.sign(message, key, "lamp-key", ("@method", "@target-uri"))
        assert gateway.client().get("/box/things", {**fields, **signed}).status == 200
        assert gateway.client().get("/box/things", fields).problem["code"] == "credential-missing"
        assert gateway.client().get("/box/things", signed).problem["code"] == "credential-missing"
        others = {"x-api-key": keys["guest"], **signed}
        assert gateway.client().get("/box/things", others).problem["code"] == "credential-disagree"

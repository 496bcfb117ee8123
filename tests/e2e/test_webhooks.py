"""Webhooks as identity, sent as common senders send them."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e import shapes
from tests.e2e.client import Answer
from tests.e2e.gateways import Gateway, eventually, running
from tests.e2e.recorder import Recorder

OLD, NEW = "the secret of last year", "the secret of this year"
BODY = json.dumps({"name": "lamp"}).encode()
HEADER = "x-hub-signature-256"


@contextmanager
def serving(
    folder: Path, recorder: Recorder, keys: dict[str, str], failures: dict[str, Any] | None = None, **webhook: Any
) -> Iterator[Gateway]:
    """The small API, whose owner sends webhooks; it may do so five times an hour."""
    settings = shapes.settings(recorder.url, identify={"webhook": {"app": "owner-app", "header": HEADER, **webhook}})
    settings["gateway"]["failures"] = failures or {"mode": "off"}
    settings["apps"][0]["webhook_secrets"] = [{"file": "new"}, {"file": "old"}]
    settings["apps"][0]["limits"] = [{"requests": 5, "per": "hour"}]
    laid = shapes.lay_out(folder / "box", settings)
    (laid / "new").write_text(NEW)
    (laid / "old").write_text(OLD)
    with running(laid, keys) as gateway:
        yield gateway


def send(gateway: Gateway, value: str, body: bytes = BODY) -> Answer:
    """Send a webhook with a value in its header."""
    return gateway.client().call("POST", "/box/things", body, {"content-type": "application/json", HEADER: value})


def mac(secret: str, text: bytes) -> bytes:
    """HMAC-SHA-256."""
    return hmac.digest(secret.encode(), text, "sha256")


def test_a_hash_over_the_body_proves_its_sender(tmp_path: Path, recorder: Recorder, keys: dict[str, str]) -> None:
    with serving(tmp_path, recorder, keys, prefix="sha256=") as gateway:
        for secret in (OLD, NEW):
            assert send(gateway, f"sha256={mac(secret, BODY).hex()}").status == 200
        assert [one.values(HEADER) for one in recorder.requests] == [[], []]
        assert [one.values("yett-app") for one in recorder.requests] == [["owner-app"], ["owner-app"]]
        wrong = send(gateway, f"sha256={mac(NEW, BODY).hex()}", json.dumps({"name": "bomb"}).encode())
        assert (wrong.status, wrong.problem["code"]) == (401, "credential-invalid")
        assert "app" not in {k for k, v in gateway.event(wrong.headers["yett-decision"]).items() if v}
        assert send(gateway, mac(NEW, BODY).hex()).status == 401
        assert gateway.client().call("POST", "/box/things", BODY).problem["code"] == "credential-missing"
        assert len(recorder.requests) == 2


def test_whoever_cannot_prove_it_uses_up_nothing_of_the_apps(
    tmp_path: Path, recorder: Recorder, keys: dict[str, str]
) -> None:
    with serving(tmp_path, recorder, keys) as gateway:
        for _ in range(8):
            assert send(gateway, mac("the secret of nobody", BODY).hex()).status == 401
        for _ in range(5):
            assert send(gateway, mac(NEW, BODY).hex()).status == 200
        limited = send(gateway, mac(NEW, BODY).hex())
        assert (limited.status, limited.problem["code"]) == (429, "rate-exceeded")
        assert send(gateway, mac("the secret of nobody", BODY).hex()).status == 401


def test_a_timestamp_must_be_near_and_is_hashed(tmp_path: Path, recorder: Recorder, keys: dict[str, str]) -> None:
    def value(at: int) -> str:
        return f"t={at},v1={mac(NEW, f'{at}.'.encode() + BODY).hex()}"

    with serving(tmp_path, recorder, keys, format="timestamped", tolerance="1m", keep=True) as gateway:
        now = int(time.time())
        assert send(gateway, value(now)).status == 200
        assert recorder.requests[0].values(HEADER) == [value(now)]
        assert send(gateway, value(now - 90)).problem["code"] == "credential-expired"
        assert send(gateway, value(now + 90)).problem["code"] == "credential-expired"
        assert send(gateway, value(now - 90).replace(f"t={now - 90}", f"t={now}")).status == 401


def test_base64_is_read_too_and_a_new_secret_is_taken_up(
    tmp_path: Path, recorder: Recorder, keys: dict[str, str]
) -> None:
    newest = "the secret of next year"
    with serving(tmp_path, recorder, keys, format="base64") as gateway:
        value = base64.b64encode(mac(newest, BODY)).decode()
        assert send(gateway, value).status == 401
        (gateway.folder / "old").write_text(newest)
        eventually(lambda: send(gateway, value).status == 200 or None, "the new secret is not taken up")
        assert send(gateway, base64.b64encode(mac(OLD, BODY)).decode()).status == 401
        assert send(gateway, base64.b64encode(mac(NEW, BODY)).decode()).status == 200


def test_a_source_whose_hashes_are_wrong_is_slowed_down(
    tmp_path: Path, recorder: Recorder, keys: dict[str, str]
) -> None:
    with serving(tmp_path, recorder, keys, {"per_source": 3, "delay": "1m"}) as gateway:
        statuses = [send(gateway, mac("the secret of nobody", BODY).hex()).status for _ in range(5)]
        assert statuses[0] == 401
        assert statuses[-1] == 429
        assert send(gateway, mac(NEW, BODY).hex()).status == 429

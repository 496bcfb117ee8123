"""Callers without a credential: they have their own profiles, and a wrong credential makes nobody one of them."""

from __future__ import annotations

from pathlib import Path

from tests.e2e import shapes
from tests.e2e.gateways import running
from tests.e2e.recorder import Recorder


def test_callers_without_a_credential_have_exactly_their_profiles(
    tmp_path: Path, recorder: Recorder, keys: dict[str, str]
) -> None:
    settings = shapes.settings(recorder.url, anonymous=["guest"])
    with running(shapes.lay_out(tmp_path / "box", settings), keys) as gateway:
        answer = gateway.client().get("/box/things/1")
        assert answer.status == 200
        assert recorder.requests[0].values("yett-app") == ["anonymous"]
        assert gateway.client().get("/box/things").problem["code"] == "access-denied"
        assert gateway.client("owner").get("/box/things").status == 200
        for wrong in [
            {"x-api-key": "wrong"},
            {"authorization": "Bearer wrong"},
            {"authorization": "Basic YTpi"},
            {"authorization": "Other x"},
        ]:
            refused = gateway.client().get("/box/things/1", wrong)
            assert (refused.status, refused.problem["code"]) == (401, "credential-invalid"), wrong


def test_their_limits_count_by_address(tmp_path: Path, recorder: Recorder, keys: dict[str, str]) -> None:
    settings = shapes.settings(recorder.url, anonymous=["guest"])
    settings["gateway"]["trusted_proxies"] = ["127.0.0.1"]
    with running(shapes.lay_out(tmp_path / "box", settings), keys) as gateway:
        for address in ("192.0.2.1", "192.0.2.2"):
            told = {"x-forwarded-for": address}
            statuses = [gateway.client().get("/box/things/1", told).status for _ in range(4)]
            assert statuses == [200, 200, 200, 429]

"""Versions of an API beside one another, each before its own upstream, and the end of the old one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import shapes
from tests.e2e.gateways import Gateway, running
from tests.e2e.recorder import Recorder, recording


@pytest.fixture
def second() -> Iterator[Recorder]:
    """The upstream of the second version."""
    with recording() as upstream:
        yield upstream


def settings(first: str, second: str, **retire: Any) -> dict[str, Any]:
    """The small API in two versions, told apart by a header field; both are the owner's."""
    whole = shapes.settings(first)
    placed = {"of": "box", "in": {"header": "api-version"}}
    newer = whole["apis"][0] | {"name": "box-2", "upstream": second, "version": placed | {"is": "2", "default": True}}
    whole["apis"][0] |= {"version": placed | {"is": "1"}, **({"retire": retire} if retire else {})}
    whole["apis"].append(newer)
    whole["collections"][0]["operations"].append("box-2:*")
    return whole


def test_each_version_has_its_own_upstream(
    recorder: Recorder, second: Recorder, keys: dict[str, str], tmp_path: Path
) -> None:
    with running(shapes.lay_out(tmp_path / "box", settings(recorder.url, second.url)), keys) as gateway:
        owner = gateway.client("owner")
        assert owner.get("/box/things/1", {"api-version": "1"}).status == 200
        assert (len(recorder.requests), len(second.requests)) == (1, 0)
        answer = owner.get("/box/things/1")
        assert answer.headers["vary"] == "api-version"
        assert (len(recorder.requests), len(second.requests)) == (1, 1)
        refused = owner.get("/box/things/1", {"api-version": "3"})
        assert (refused.status, refused.problem["code"]) == (400, "version-unknown")


def test_the_old_version_is_announced_and_then_gone(
    recorder: Recorder, second: Recorder, keys: dict[str, str], tmp_path: Path
) -> None:
    going = {"deprecated": "2026-01-01", "sunset": "2099-01-01", "guide": "https://docs.example.org/2"}
    folder = shapes.lay_out(tmp_path / "box", settings(recorder.url, second.url, **going))
    with running(folder, keys) as gateway:
        owner, old = gateway.client("owner"), {"api-version": "1"}
        told = owner.get("/box/things/1", old).headers
        assert told["deprecation"] == "@1767225600"
        assert told["sunset"] == "Thu, 01 Jan 2099 00:00:00 GMT"
        assert "<https://docs.example.org/2>" in told["link"]
        assert "deprecation" not in owner.get("/box/things/1").headers
        shapes.write_settings(folder, settings(recorder.url, second.url, **going | {"sunset": "2026-02-01"}))
        gone = _once_refused(gateway, old)
        assert (gone.status, gone.problem["code"]) == (410, "operation-retired")
        assert "<https://docs.example.org/2>" in gone.headers["link"]
        assert owner.get("/box/things/1").status == 200


def _once_refused(gateway: Gateway, headers: dict[str, str]) -> Any:
    deadline = time.monotonic() + 20
    while (answer := gateway.client("owner").get("/box/things/1", headers)).status == 200:
        assert time.monotonic() < deadline, "the new configuration was not put in force"
        time.sleep(0.02)
    return answer

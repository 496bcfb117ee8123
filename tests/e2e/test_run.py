"""The life of the process: starting, following its files, draining."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e import shapes
from tests.e2e.client import read_answer
from tests.e2e.gateways import YETT, Gateway, eventually, started
from tests.e2e.recorder import Recorder


@dataclass
class Load:
    """Callers that ask again and again over kept connections, and what they met."""

    statuses: list[int] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def call(self, gateway: Gateway) -> None:
        """Ask until told to stop. A kept connection that is closed between two requests is no failure."""
        headers = {"x-api-key": gateway.keys["owner"]}
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
        while not self.done.is_set():
            fresh = connection.sock is None
            try:
                connection.request("GET", "/box/things/1", headers=headers)
                answer = connection.getresponse()
                answer.read()
                self.statuses.append(answer.status)
            except http.client.RemoteDisconnected as error:
                connection.close()
                if fresh:
                    self.failures.append(repr(error))
            except ConnectionRefusedError:
                break
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self.failures.append(repr(error))
        connection.close()


@contextmanager
def load(gateway: Gateway, callers: int = 4) -> Iterator[Load]:
    """Load the gateway until the block ends."""
    found = Load()
    threads = [threading.Thread(target=found.call, args=(gateway,)) for _ in range(callers)]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: len(found.statuses) > 20, "the load did not get going")
        yield found
    finally:
        found.done.set()
        for thread in threads:
            thread.join(20)


def test_a_port_in_use_is_said_and_nothing_runs(gateway: Gateway, keys: dict[str, str], tmp_path: Path) -> None:
    settings = shapes.settings("http://127.0.0.1:1")
    settings["gateway"] |= {"listen": f"127.0.0.1:{gateway.port}"}
    folder = shapes.lay_out(tmp_path / "second", settings)
    named = {f"{name.upper()}_KEY": key for name, key in keys.items()}
    with started([YETT, "run", folder], folder, named, folder / "access.log") as second:
        assert second.wait() == 1
        assert str(gateway.port) in second.said()
        assert "in use" in second.said()
    assert gateway.client("owner").get("/box/open").status == 200


def test_a_missing_secret_is_said_with_its_place(tmp_path: Path) -> None:
    folder = shapes.lay_out(tmp_path / "box", shapes.settings("http://127.0.0.1:1"))
    with started([YETT, "run", folder], folder, {}, folder / "access.log") as gateway:
        assert gateway.wait() == 1
        assert "OWNER_KEY" in gateway.said()
        assert "GUEST_KEY" in gateway.said()
        assert "yett.yaml:" in gateway.said()


def test_a_change_under_load_serves_within_a_second_and_fails_no_request(gateway: Gateway, recorder: Recorder) -> None:
    changed = shapes.settings(recorder.url)
    changed["profiles"][1]["grants"].append({"operation": "box:listThings"})
    guest = gateway.client("guest")
    assert guest.get("/box/things").status == 403
    with load(gateway) as found:
        shapes.write_settings(gateway.folder, changed)
        before = time.monotonic()
        eventually(lambda: guest.get("/box/things").status != 403, "the change did not take effect")
        assert time.monotonic() - before < 1.0
    assert found.failures == []
    assert set(found.statuses) == {200}


def test_a_bad_change_is_said_and_the_old_plan_keeps_serving(gateway: Gateway, recorder: Recorder) -> None:
    with load(gateway) as found:
        for bad in ("yett: 1\napis: [", "yett: 1\napis:\n  - {name: box, contract: gone.json, upstream: nowhere}\n"):
            said = len(gateway.said())
            shapes.write_settings(gateway.folder, bad)
            eventually(lambda said=said: "yett.yaml:" in gateway.said()[said:], "the mistake was not said")  # type: ignore[misc]
            assert gateway.client("owner").get("/box/things/1").status == 200
        shapes.write_settings(gateway.folder, shapes.settings(recorder.url, base_path="/crate"))
        eventually(lambda: gateway.client("owner").get("/crate/things/1").status == 200, "no way back")
        found.done.set()
    assert found.failures == []


def test_a_change_of_the_contract_takes_effect(gateway: Gateway) -> None:
    contract: dict[str, Any] = json.loads(json.dumps(shapes.CONTRACT))
    contract["paths"]["/new"] = contract["paths"]["/open"] | {"get": {**contract["paths"]["/open"]["get"]}}
    contract["paths"]["/new"]["get"]["operationId"] = "getNew"
    owner = gateway.client("owner")
    assert owner.get("/box/new").status == 404
    (gateway.folder / "box.json").write_text(json.dumps(contract))
    eventually(lambda: owner.get("/box/new").status == 200, "the new operation did not appear")


def test_sigterm_under_load_loses_no_accepted_request(gateway: Gateway) -> None:
    with load(gateway) as found:
        gateway.terminate()
        assert gateway.wait() == 0
    assert found.failures == []
    assert set(found.statuses) <= {200, 503}
    decisions = [event for event in gateway.events() if event["status"] == 200]
    assert len(decisions) >= found.statuses.count(200)


def test_a_request_in_flight_at_sigterm_is_answered(gateway: Gateway, recorder: Recorder) -> None:
    owner = gateway.client("owner")
    with owner.connect() as connection:
        with recorder.holding():
            connection.sendall(owner.head("GET", "/box/things/1"))
            recorder.wait_for(1)
            gateway.terminate()
            eventually(lambda: _refuses(gateway), "new connections are still accepted")
        found = read_answer(connection)
    assert (found.status, found.json) == (200, {"ok": True})
    assert gateway.wait() == 0


def _refuses(gateway: Gateway) -> bool:
    try:
        return gateway.client("owner", timeout=1).get("/box/open").status == 503
    except OSError:
        return True


def test_a_connection_kept_idle_does_not_hold_up_the_end(gateway: Gateway) -> None:
    owner = gateway.client("owner")
    with owner.connect() as connection:
        connection.sendall(owner.head("GET", "/box/open"))
        assert read_answer(connection).status == 200
        before = time.monotonic()
        gateway.terminate()
        assert gateway.wait() == 0
        assert time.monotonic() - before < 5

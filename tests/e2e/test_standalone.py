"""`yett-gateway` runs a snapshot file with no control plane: the proof that only data crosses the seam."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import shapes
from tests.e2e.gateways import STANDALONE, YETT, Gateway, eventually, started
from tests.e2e.recorder import Recorder

pytestmark = pytest.mark.skipif(not STANDALONE.exists(), reason="yett-gateway is not built: run `make build`")


def compile_into(folder: Path, configuration: dict[str, Any], keys: dict[str, str]) -> Path:
    """`yett compile` a configuration into `snapshot.json` of its folder; return the path of the pepper it names."""
    shapes.lay_out(folder, configuration)
    named = {f"{name.upper()}_KEY": key for name, key in keys.items()}
    command: list[str | Path] = [YETT, "compile", folder, "-o", folder / "snapshot.json"]
    done = subprocess.run(command, env={**os.environ, **named}, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return Path(done.stderr.rpartition("the pepper in the file ")[2].strip())


@contextmanager
def serving(folder: Path, pepper: Path, keys: dict[str, str]) -> Iterator[Gateway]:
    """Run the standalone gateway on a port of its choice."""
    log = folder / "access.log"
    command: list[str | Path] = [STANDALONE, folder / "snapshot.json", "--listen", "127.0.0.1:0", "--workers", "1"]
    with started([*command, "--pepper-file", pepper, "--access-log", log], folder, {}, log) as gateway:
        gateway.keys = keys

        def port() -> str | None:
            assert gateway.process.poll() is None, gateway.said()
            found = re.search(r"listening on 127\.0\.0\.1:(\d+)\n", gateway.said())
            return found[1] if found else None

        gateway.port = int(eventually(port, "the gateway did not say where it listens"))
        yield gateway


@pytest.fixture
def standalone(recorder: Recorder, keys: dict[str, str], tmp_path: Path) -> Iterator[Gateway]:
    """The small API, run from a snapshot file."""
    folder = tmp_path / "alone"
    pepper = compile_into(folder, shapes.settings(recorder.url), keys)
    with serving(folder, pepper, keys) as gateway:
        yield gateway


def test_a_snapshot_is_served_and_guarded(standalone: Gateway, recorder: Recorder) -> None:
    assert standalone.client("owner").post("/box/things", {"name": "a"}).status == 200
    assert recorder.requests[0].body == b'{"name": "a"}'
    assert standalone.client().get("/box/things/1").status == 401
    assert standalone.client("guest").get("/box/things").status == 403
    assert standalone.client("owner").post("/box/things", {}).problem["errors"][0]["field"] == "/name"


def test_sighup_takes_up_a_new_snapshot(standalone: Gateway, recorder: Recorder) -> None:
    compile_into(standalone.folder, shapes.settings(recorder.url, public=True), dict(standalone.keys))
    standalone.process.send_signal(signal.SIGHUP)
    owner = standalone.client()
    eventually(lambda: owner.get("/box/things/1").status == 200 or None, "the new snapshot is not in force")


@pytest.mark.parametrize("bad", ["{", '{"format": 99, "apis": []}', '{"format": 1, "apis": [], "surprise": 1}'])
def test_sighup_refuses_a_bad_snapshot_and_goes_on(standalone: Gateway, bad: str) -> None:
    said = len(standalone.said())
    (standalone.folder / "snapshot.json").write_text(bad)
    standalone.process.send_signal(signal.SIGHUP)
    eventually(lambda: "refused" in standalone.said()[said:], "the refusal was not said")
    assert standalone.client("owner").get("/box/things/1").status == 200


def test_a_wrong_pepper_is_said_at_the_start(standalone: Gateway, tmp_path: Path) -> None:
    wrong = tmp_path / "pepper"
    wrong.write_text("ab" * 32)
    command: list[str | Path] = [
        STANDALONE,
        standalone.folder / "snapshot.json",
        "--listen",
        "127.0.0.1:0",
        "--pepper-file",
        wrong,
    ]
    with started(command, tmp_path, {}, tmp_path / "access.log") as second:
        assert second.wait() == 1
        assert "pepper" in second.said()


def test_sigterm_ends_it_well(standalone: Gateway) -> None:
    assert standalone.client("owner").get("/box/open").status == 200
    standalone.terminate()
    assert standalone.wait() == 0
    assert [event["status"] for event in standalone.events()] == [200]

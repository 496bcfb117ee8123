"""Only what was published is served: a real gateway, at its start and while it runs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.e2e import shapes
from tests.e2e.gateways import YETT, eventually, running, started
from tests.e2e.recorder import Recorder

SERVE = {"serve": "published", "gates": [{"on": "publish", "changes": "breaking-without-major", "then": "block"}]}


def publish(folder: Path) -> int:
    """Publish what the folder holds; the exit code."""
    command: list[str | Path] = [YETT, "publish", folder, "--by", "ann"]
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode


def test_a_contract_that_was_not_published_is_served_neither_at_start_nor_on_reload(
    recorder: Recorder, keys: dict[str, str], tmp_path: Path
) -> None:
    folder = shapes.lay_out(tmp_path / "box", shapes.settings(recorder.url) | {"governance": SERVE})
    named = {f"{name.upper()}_KEY": key for name, key in keys.items()}
    with started([YETT, "run", folder], folder, named, folder / "access.log") as refused:
        assert refused.wait() == 1
        assert "contract-unpublished" in refused.said()
    assert publish(folder) == 0
    contract: dict[str, Any] = json.loads(json.dumps(shapes.CONTRACT))
    contract["info"]["version"] = "1.1.0"
    contract["paths"]["/new"] = {"get": {"operationId": "getNew", "responses": {"200": {"description": "New."}}}}
    with running(folder, keys) as gateway:
        owner = gateway.client("owner")
        assert owner.get("/box/things/1").status == 200
        (folder / "box.json").write_text(json.dumps(contract))
        eventually(lambda: "what served before keeps serving" in gateway.said(), "the refusal was not said")
        assert "contract-unpublished" in gateway.said()
        assert owner.get("/box/new").status == 404
        assert owner.get("/box/things/1").status == 200
        assert publish(folder) == 0
        eventually(lambda: owner.get("/box/new").status == 200, "what was published then is not served")
        assert gateway.said().count("the change is refused") == 1
        del contract["paths"]["/files"]
        contract["info"]["version"] = "1.2.0"
        (folder / "box.json").write_text(json.dumps(contract))
        assert publish(folder) == 1

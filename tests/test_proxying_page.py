"""The examples of `docs/proxying.md`, decided by the engine: settings of an API, and what becomes of requests."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.e2e import shapes
from tests.native import NATIVE
from yett.gateway import Request, decide
from yett.services.assembly import assemble

PAGE = Path(__file__).resolve().parent.parent / "docs" / "proxying.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```\s+```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) >= 3


@NATIVE
@pytest.mark.parametrize(("settings", "cases"), EXAMPLES)
def test_an_example_is_decided_as_the_page_says(settings: str, cases: str, tmp_path: Path) -> None:
    configuration = shapes.settings("http://127.0.0.1:9", **yaml.safe_load(settings))
    (tmp_path / "box.json").write_text(json.dumps(shapes.CONTRACT), encoding="utf-8")
    (tmp_path / "yett.yaml").write_text(json.dumps(configuration), encoding="utf-8")
    assembly = assemble(str(tmp_path / "yett.yaml"), {}, need_secrets=False)
    for case in cases.strip().splitlines():
        asked, _, expected = case.partition(" -> ")
        method, _, target = asked.partition(" ")
        app = None if expected[0].isdigit() else "owner-app"
        decision = decide(assembly.snapshot(), [Request(method, target, app=app)], assembly.pepper.secret)[0].document
        if decision["upstream"] is not None:
            assert decision["upstream"]["path"] == expected, case
        else:
            place = dict(decision["headers"]).get("location", "")
            assert f"{decision['status']} {place}".strip() == expected, case

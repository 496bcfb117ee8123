"""Comparing two contracts as a use-case."""

from __future__ import annotations

import json
from pathlib import Path

from tests.contract.diff.contracts import BASE, with_operation
from yett.services.diff import compare


def test_a_difference_tells_its_severity_its_groups_and_whether_the_version_is_enough(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps(BASE))
    new.write_text(json.dumps(with_operation(requestBody=None)))
    found = compare(old, new)
    assert found.is_readable
    assert [(title, severity) for title, severity, _ in found.groups] == [("Breaks callers", "breaking")]
    assert found.reaches("safe")
    assert found.reaches("breaking")
    assert not found.version.is_enough
    assert found.summary == "1 that break callers"
    assert not compare(old, old).reaches("safe")

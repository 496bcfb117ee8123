"""`governance`, as it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from yett.config import load_configuration
from yett.model.governance import Gate


def load(folder: Path, governance: str) -> tuple[list[tuple[str, int]], tuple[Gate, ...]]:
    path = folder / "yett.yaml"
    path.write_text(f"yett: 1\ngovernance:\n{governance}")
    loaded = load_configuration(str(path))
    assert all(one.hint for one in loaded.diagnostics)
    return [(one.code, one.line) for one in loaded.diagnostics], loaded.configuration.governance.gates


def test_gates_are_read_with_the_path_of_their_ruleset(tmp_path: Path) -> None:
    found, gates = load(
        tmp_path,
        "  gates:\n    - {on: create, ruleset: 'yett:security', from: warn, then: block}\n"
        "    - {on: update, ruleset: ours.yaml, then: require-waiver}\n"
        "    - {on: publish, changes: breaking-without-major, then: block}\n  serve: published\n",
    )
    assert found == []
    assert [(one.ruleset, one.least, one.changes) for one in gates] == [
        ("yett:security", "warn", None),
        (str(tmp_path / "ours.yaml"), "error", None),
        (None, "error", "breaking-without-major"),
    ]


@pytest.mark.parametrize(
    ("gate", "code"),
    [
        ("{on: create, changes: breaking, then: block}", "gate-impossible"),
        ("{on: publish, changes: breaking, then: require-waiver}", "gate-impossible"),
        ("{on: publish, changes: breaking, from: warn, then: block}", "gate-malformed"),
        ("{on: publish, then: block}", "gate-malformed"),
        ("{on: publish, ruleset: 'yett:strict', changes: breaking, then: block}", "gate-malformed"),
    ],
)
def test_a_gate_that_makes_no_sense_is_told_where_it_stands(tmp_path: Path, gate: str, code: str) -> None:
    assert load(tmp_path, f"  gates:\n    - {gate}\n")[0] == [(code, 4)]


def test_a_gate_that_stands_twice_is_told(tmp_path: Path) -> None:
    gate = "    - {on: publish, changes: breaking, then: block}\n"
    assert load(tmp_path, f"  gates:\n{gate}{gate}")[0] == [("gate-twice", 5)]

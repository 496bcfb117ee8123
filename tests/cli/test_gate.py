"""`yett gate` and `yett publish`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.terminal import yett
from tests.services.places import ENVIRONMENT, lay_out
from tests.services.test_gates import MAJOR, governed, write


def test_a_change_that_breaks_is_told_and_fails_and_a_major_version_mends_it(tmp_path: Path) -> None:
    path = lay_out(tmp_path, governed(MAJOR))
    first = yett("publish", path, "--by", "ann", environment=ENVIRONMENT)
    assert first.code == 0
    assert "published shop 1.0.0 by ann" in first.out
    write(tmp_path, "1.1.0", without="/books")
    for command in ("gate", "publish"):
        shown = yett(command, path, environment=ENVIRONMENT)
        assert shown.code == 1
        assert "block shop: 1 change breaks callers of 1.0.0" in shown.out
        assert "to do: raise `info.version`" in shown.out
    assert yett("gate", path, "--json", environment=ENVIRONMENT).json["blocked"] is True
    write(tmp_path, "2.0.0", without="/books")
    assert yett("gate", path, environment=ENVIRONMENT).code == 0
    assert (
        yett("publish", path, "--json", environment=ENVIRONMENT | {"USER": "bob"}).json["published"][0]["by"] == "bob"
    )
    listed = yett("publish", path, "--list", "--json", environment=ENVIRONMENT).json
    assert [(one["number"], one["version"]) for one in listed] == [(1, "1.0.0"), (2, "2.0.0")]


def test_a_mistake_in_the_section_is_a_diagnostic(tmp_path: Path) -> None:
    path = lay_out(tmp_path, governed("    - {on: create, changes: breaking, then: block}\n"))
    shown = yett("gate", path, "--json", environment=ENVIRONMENT)
    assert shown.code == 1
    assert [one["code"] for one in shown.json["diagnostics"]] == ["gate-impossible"]

"""`yett schema`."""

from __future__ import annotations

from tests.cli.terminal import yett
from tests.gateway.fake import fake_native
from tests.native import NATIVE


def test_the_schema_of_the_configuration_needs_no_engine() -> None:
    with fake_native(present=False):
        assert yett("schema").json["$id"] == "urn:yett:config"
        assert yett("schema", "snapshot").code == 1


@NATIVE
def test_the_schemas_of_the_seam_come_from_the_engine() -> None:
    for subject in ("snapshot", "patch", "event", "decision", "options"):
        assert yett("schema", subject).json["$schema"].startswith("https://json-schema.org/")

"""The examples of the page about policies, held against the bookshop."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from tests.native import NATIVE
from yett.services.check import check_configuration

pytestmark = NATIVE

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = re.findall(
    r"^```yaml\n# policies of the bookshop\n(.*?)^```",
    (ROOT / "docs" / "policies.md").read_text(),
    re.MULTILINE | re.DOTALL,
)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_page_is_sound(example: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples" / "bookshop", tmp_path, dirs_exist_ok=True)
    settings = yaml.safe_load((tmp_path / "yett.yaml").read_text())
    settings["policies"] = yaml.safe_load(example)
    (tmp_path / "yett.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    report = check_configuration(str(tmp_path / "yett.yaml"), {}, need_secrets=False)
    assert [one for one in report.diagnostics if not one.code.startswith("secret-")] == []

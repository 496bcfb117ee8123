"""The conformance page says what the suites say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT
from tests.contract.conformance import page
from tests.contract.diff.page import conformance_part
from tests.contract.diff.test_agreement import judged
from tests.contract.json_schema_suite import Result, run_2020_12, run_draft_4
from tests.contract.prism_runner import run_cases
from tests.wire.report import section
from yett.gateway import native_available

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.generated
def test_the_conformance_page_is_fresh(corpora: Path, tmp_path: Path, keep: Callable[[Path, str], None]) -> None:
    if not native_available():
        pytest.skip("the native module is not built: `make build` does it")
    suites = corpora / "contract"
    schemas = suites / "json-schema"
    outcomes = list(run_cases(suites / "prism", tmp_path))
    changes = conformance_part(*judged(corpora, tmp_path))
    text = page(
        list(run_2020_12(schemas, tmp_path)), list(run_draft_4(schemas, tmp_path)), outcomes, section(), changes
    )
    keep(ROOT / "docs" / "conformance.md", text)


def test_a_page_when_something_fails_then_shows_it() -> None:
    results = [Result("type", "case", "test", "fail", "expected True"), Result("type", "case", "other", "skip", "why")]
    text = page(results, [], [], "", "")
    assert "| type | 0 | 1 | 1 | why |" in text
    assert "| **all** | **0** | **1** | **1** |" in text

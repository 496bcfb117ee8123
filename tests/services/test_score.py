"""Scoring a contract as a use-case."""

from __future__ import annotations

from pathlib import Path

import pytest

from yett.errors import ConfigurationError
from yett.services.score import score_contract


def test_a_contract_has_a_score_by_any_ruleset(tmp_path: Path) -> None:
    path = tmp_path / "api.yaml"
    path.write_text("openapi: 3.1.0\ninfo: {title: a, version: 1.0.0}\npaths: {}\n")
    assert 0 < score_contract(str(path), "spectral:oas").score <= 100


@pytest.mark.parametrize(
    ("path", "ruleset", "code"), [("no.yaml", "spectral:oas", "file-unreadable"), ("no.yaml", "no", "ruleset-missing")]
)
def test_what_cannot_be_read_is_told(path: str, ruleset: str, code: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        score_contract(path, ruleset)
    assert [one.code for one in refused.value.diagnostics] == [code]

"""The configuration of a mock."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from yett.errors import ConfigurationError
from yett.services.mock import mock_configuration, run_mock


def test_a_mock_never_names_a_place_that_could_be_asked(tmp_path: Path) -> None:
    with mock_configuration(str(tmp_path / 'a"b.yaml'), "127.0.0.1:0") as path:
        (api,) = json.loads(Path(path).read_text())["apis"]
        assert (api["upstream"], api["mock"]) == ("http://mock.invalid", True)
        assert api["contract"] == str(tmp_path / 'a"b.yaml')
    assert not Path(path).exists()


def test_a_contract_that_cannot_be_read_is_told_by_the_name_it_was_given(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.yaml")
    with pytest.raises(ConfigurationError) as refused:
        run_mock(missing, "127.0.0.1:0", {}, lambda _: None)
    assert [(one.file, one.code) for one in refused.value.diagnostics] == [(missing, "contract-unreadable")]

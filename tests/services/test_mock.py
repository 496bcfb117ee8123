"""The configuration of a mock."""

from __future__ import annotations

import json
from pathlib import Path

from yett.services.mock import mock_configuration


def test_a_mock_never_names_a_place_that_could_be_asked(tmp_path: Path) -> None:
    with mock_configuration(str(tmp_path / 'a"b.yaml'), "127.0.0.1:0") as path:
        (api,) = json.loads(Path(path).read_text())["apis"]
        assert (api["upstream"], api["mock"]) == ("http://mock.invalid", True)
        assert api["contract"] == str(tmp_path / 'a"b.yaml')
    assert not Path(path).exists()

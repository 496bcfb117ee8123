"""`apis[].identify`: methods, their order, and how they go together."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.files import BOOKSHOP, load, only_mistake
from yett.model.api import Identify, KeyPlaces


def identify(folder: Path, text: str) -> Identify:
    loaded = load(folder, BOOKSHOP.replace("identify: [api-key]", text))
    assert loaded.diagnostics == ()
    return loaded.configuration.apis[0].identify


def test_methods_are_asked_in_the_order_in_which_they_are_written(tmp_path: Path) -> None:
    found = identify(tmp_path, "identify: {combine: agree, api-key: {header: x-key}}")
    assert found == Identify(api_key=KeyPlaces(header="x-key"), order=("api-key",), combine="agree")


def test_a_method_without_settings_has_its_defaults(tmp_path: Path) -> None:
    assert identify(tmp_path, "identify: {api-key: }").api_key == KeyPlaces()


@pytest.mark.parametrize("text", ["identify: {}", "identify: {combine: all}"])
def test_settings_that_name_no_method_are_refused(tmp_path: Path, text: str) -> None:
    mistake = only_mistake(tmp_path, BOOKSHOP.replace("identify: [api-key]", text))
    assert (mistake.code, mistake.line) == ("identify-empty", 9)
    assert "api-key" in mistake.hint

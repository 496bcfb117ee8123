"""Secrets that were written instead of named."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import pytest

from tests.config.files import BOOKSHOP, mistakes
from yett.access.keys import new_key

SECRET = new_key("test").text


@pytest.mark.parametrize(
    "written",
    [
        f"{{key: {SECRET}}}",
        f"{{value: {SECRET}}}",
        f"{{env: READER_KEY, value: {SECRET}}}",
        f"{{env: {SECRET}}}",
        f"{{file: /keys/{SECRET}}}",
        f"{{{SECRET}: 1}}",
        SECRET,
        SECRET[:-3],
        "hunter2-hunter2",
        "{value: hunter2-hunter2}",
        "{env: READER_KEY, token: hunter2-hunter2}",
    ],
)
def test_a_secret_when_written_out_is_refused_with_a_hint_and_never_repeated(tmp_path: Path, written: str) -> None:
    found = mistakes(tmp_path, BOOKSHOP.replace("{env: READER_KEY}", written))
    assert "secret-literal" in {one.code for one in found}
    assert all("env: NAME" in one.hint for one in found if one.code == "secret-literal")
    text = repr([astuple(one) for one in found])
    assert SECRET[:-7] not in text
    assert "hunter2" not in text


def test_a_key_in_any_text_of_the_file_is_found(tmp_path: Path) -> None:
    text = BOOKSHOP.replace("/bookshop\n", f"/{SECRET}\n")
    assert [(one.code, one.line) for one in mistakes(tmp_path, text)] == [("secret-literal", 7)]


def test_a_literal_pepper_is_refused(tmp_path: Path) -> None:
    found = mistakes(tmp_path, BOOKSHOP.replace("workers: 2", "pepper: correct-horse-battery-staple"))
    assert [one.code for one in found] == ["secret-literal"]
    assert "horse" not in repr(found)


def test_a_password_in_an_upstream_url_is_refused_and_not_repeated(tmp_path: Path) -> None:
    found = mistakes(tmp_path, BOOKSHOP.replace("http://127", "http://me:hunter2@127"))
    assert [one.code for one in found] == ["secret-literal"]
    assert "hunter2" not in repr(found)

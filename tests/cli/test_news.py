"""News on standard error."""

from __future__ import annotations

import os

import pytest

from yett.cli.news import show_news
from yett.services.news import Refused, SoundAgain, Stopping


def test_news_are_lines_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    show_news(Stopping(3))
    assert capsys.readouterr() == ("", "yett: stopping: requests in flight have 3 seconds\n")


def test_a_change_put_right_is_told_with_the_digest_that_serves(capsys: pytest.CaptureFixture[str]) -> None:
    show_news(SoundAgain("ab" * 32))
    assert capsys.readouterr().err == "yett: sound again; nothing changed; digest abababababababab\n"


def test_news_whose_reader_has_left_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", buffering=1, encoding="utf-8") as stream:  # noqa: PTH123 - a descriptor has no path
        monkeypatch.setattr("sys.stderr", stream)
        for _ in range(3):
            show_news(Refused(()))

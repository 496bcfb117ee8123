"""`yett run`, and how its news is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.terminal import yett
from tests.gateway.fake import fake_native
from tests.services.places import ENVIRONMENT, lay_out
from yett.cli.news import show_news
from yett.cli.output import screen
from yett.gateway import Bound
from yett.model.diagnostic import Diagnostic
from yett.services.news import News, Refused, Reloaded, ReloadFailed, Started, Stopped, Stopping

WRONG = (Diagnostic("gone.yaml", 3, "/a", "odd", "is odd", "mend it"),)


def test_a_configuration_with_mistakes_is_not_run(tmp_path: Path) -> None:
    shown = yett("run", lay_out(tmp_path), environment={"READER_KEY": ""})
    assert shown.code == 1
    assert "error[secret-empty]" in shown.err


def test_an_address_in_use_is_one_line(tmp_path: Path) -> None:
    with fake_native():
        shown = yett("run", lay_out(tmp_path), environment=ENVIRONMENT)
    assert shown.code == 1
    assert "error[listen-failed] 127.0.0.1:80 is in use" in shown.err
    assert "Traceback" not in shown.err


@pytest.mark.parametrize(
    ("news", "words"),
    [
        (
            Started(Bound(("127.0.0.1:80",), "127.0.0.1:81"), False, "ab" * 32, 1, 16, ()),
            ["http://127.0.0.1:80, ", "16 op"],
        ),
        (Reloaded("ab" * 32, 0.012, (), ("listen",)), ["12 ms", "`listen`", "next start"]),
        (Refused(WRONG), ["gone.yaml:3: error[odd] is odd", "mend it", "keeps serving"]),
        (ReloadFailed("RuntimeError: odd"), ["RuntimeError: odd", "keeps serving"]),
        (Stopping(30.0), ["30 seconds"]),
        (Stopped(2), ["2 requests cut off"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_news_is_told_on_standard_error(news: News, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    screen.cache_clear()
    show_news(news)
    told = capsys.readouterr()
    screen.cache_clear()
    assert told.out == ""
    assert all(word in told.err for word in words), told.err

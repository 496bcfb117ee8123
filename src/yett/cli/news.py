"""News of a running gateway, line by line on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, suppress
from typing import Final, TextIO, assert_never

from yett.cli.output import count_of, screen, show_diagnostics, tally, visible
from yett.model.diagnostic import Diagnostic
from yett.model.stolen import Finding
from yett.services.news import (
    KeysLoaded,
    News,
    Noticed,
    Refused,
    Reloaded,
    ReloadFailed,
    SoundAgain,
    Started,
    Stopped,
    Stopping,
)

_MOST_WARNINGS: Final = 10


def show_news(news: News) -> None:
    """Tell one piece of news, as far as anybody still listens: nothing is raised when it cannot be written."""
    with redirect_stderr(_BestEffort(sys.stderr)):
        _show(news)


class _BestEffort:
    """A stream whose failures are nobody's concern: rich would end the process when the reader has left."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = stream.encoding

    def write(self, text: str) -> int:
        self._attempt(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        self._attempt(self._stream.flush)

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def _attempt(self, act: Callable[[], object]) -> None:
        try:
            act()
        except BrokenPipeError:
            # Nobody will ever read it; kept back, it would spoil the exit code at the end.
            with suppress(OSError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - as `os` names it
                os.dup2(nowhere.fileno(), self._stream.fileno())
        except OSError:
            return


def _show(news: News) -> None:
    match news:
        case Started():
            _show_started(news)
        case Reloaded():
            _show_reloaded(news)
        case Refused(diagnostics):
            show_diagnostics(diagnostics)
            _say(f"the change is refused for {tally(diagnostics)}; what served before keeps serving", "bold red")
        case SoundAgain(digest):
            _say(f"sound again; nothing changed; digest {digest[:16]}", "bold green")
        case ReloadFailed(message):
            _say(f"the change could not be read ({message}); what served before keeps serving", "bold red")
        case Noticed(finding):
            _show_finding(finding)
        case KeysLoaded():
            _show_keys(news)
        case Stopping(grace_s):
            _say(f"stopping: requests in flight have {grace_s:g} seconds")
        case Stopped(cut):
            _say(f"stopped; {count_of(cut, 'request')} cut off" if cut else "stopped; every request was answered")
        case _:
            assert_never(news)


def _show_started(news: Started) -> None:
    _show_warnings(news.warnings)
    scheme = "https" if news.secure else "http"
    addresses = ", ".join(f"{scheme}://{address}" for address in news.bound.listen)
    if news.bound.telemetry:
        addresses += f", telemetry http://{news.bound.telemetry}/metrics"
    if news.bound.redirect:
        addresses += f", to HTTPS from http://{news.bound.redirect}"
    offer = f"{count_of(news.apis, 'API')} with {count_of(news.operations, 'operation')}"
    _say(f"serving {offer}; {addresses}; digest {news.digest[:16]}", "bold green")


def _show_reloaded(news: Reloaded) -> None:
    _show_warnings(news.warnings)
    _say(f"reloaded in {news.seconds * 1000:.0f} ms; digest {news.digest[:16]}", "bold green")
    if news.certificates:
        _say("TLS is renewed; open connections go on", "bold green")
    if news.restart_for:
        names = ", ".join(f"`{name}`" for name in news.restart_for)
        _say(f"a changed {names} of `gateway` takes effect at the next start", "yellow")


def _show_finding(finding: Finding) -> None:
    told = ", ".join(f"{name} {value}" for name, value in finding.evidence if value)
    times = "" if finding.count == 1 else f", seen {finding.count:,} times"
    text = f"finding[{finding.kind}] {finding.severity}: {finding.subject} ({told}{times}) {finding.id}"
    _say(text, "bold red" if finding.severity in ("high", "critical") else "yellow")


def _show_keys(news: KeysLoaded) -> None:
    _say(f"{count_of(news.keys, 'key')} of {news.path} loaded in {news.seconds:.1f} s", "bold green")
    if news.strangers:
        _say(f"{count_of(news.strangers, 'holder')} of them not in the configuration: their keys are refused", "yellow")


def _show_warnings(warnings: Sequence[Diagnostic]) -> None:
    show_diagnostics(warnings[:_MOST_WARNINGS])
    left = len(warnings) - _MOST_WARNINGS
    if left > 0:
        _say(f"and {count_of(left, 'more warning')}: `yett check` shows them all", "yellow")


def _say(text: str, style: str = "") -> None:
    from rich.text import Text

    screen(error=True).print(Text(f"yett: {visible(text)}", style=style))

"""News of a running gateway, line by line on standard error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from yett.cli.output import count_of, screen, show_diagnostics, tally, visible
from yett.services.news import News, Refused, Reloaded, ReloadFailed, Started, Stopped, Stopping


def show_news(news: News) -> None:
    """Tell one piece of news."""
    match news:
        case Started():
            _show_started(news)
        case Reloaded():
            _show_reloaded(news)
        case Refused(diagnostics):
            show_diagnostics(diagnostics)
            _say(f"the change is refused for {tally(diagnostics)}; what served before keeps serving", "bold red")
        case ReloadFailed(message):
            _say(f"the change could not be read ({message}); what served before keeps serving", "bold red")
        case Stopping(grace_s):
            _say(f"stopping: requests in flight have {grace_s:g} seconds")
        case Stopped(left):
            _say(f"stopped{_figures(left)}")
        case _:
            assert_never(news)


def _show_started(news: Started) -> None:
    show_diagnostics(news.warnings)
    addresses = ", ".join(f"{name} {value}" for name, value in news.addresses.items() if value)
    offer = f"{count_of(news.apis, 'API')} with {count_of(news.operations, 'operation')}"
    _say(f"serving {offer}; {addresses}; digest {news.digest[:16]}", "bold green")


def _show_reloaded(news: Reloaded) -> None:
    show_diagnostics(news.warnings)
    _say(f"reloaded in {news.seconds * 1000:.0f} ms; digest {news.digest[:16]}", "bold green")
    if news.restart_for:
        names = ", ".join(f"`{name}`" for name in news.restart_for)
        _say(f"a changed {names} of `gateway` takes effect at the next start", "yellow")


def _say(text: str, style: str = "") -> None:
    from rich.text import Text

    screen(error=True).print(Text(f"yett: {visible(text)}", style=style))


def _figures(left: Mapping[str, Any]) -> str:
    told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in left.items())
    return f" ({told})" if told else ""

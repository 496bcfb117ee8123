"""`yett run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from yett.cli.arguments import DEFAULT_CONFIG, Config

if TYPE_CHECKING:
    from yett.services.news import News


def run(
    config: Config = DEFAULT_CONFIG,
    grace: Annotated[
        float, typer.Option(min=0, max=3600, help="Seconds that requests in flight have when it stops.")
    ] = 30.0,
) -> None:
    """Run the gateway and follow its files.

    A good change serves within a second, without a failed request; a bad one is shown and changes nothing. SIGTERM and
    Ctrl-C drain, SIGHUP reloads at once. The access log goes to standard output, news to standard error.
    """
    import os
    from contextlib import ExitStack

    from yett.cli.news import show_news
    from yett.cli.output import patience, told_errors
    from yett.services.run import run_gateway

    with told_errors(), ExitStack() as waiting:
        waiting.enter_context(patience(f"starting {config}"))

        def tell(news: News) -> None:
            waiting.close()
            show_news(news)

        run_gateway(config, os.environ, tell, grace_s=grace)
